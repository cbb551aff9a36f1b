import { isReplyError } from '../../redis-error.ts';
import { type Commands, isNoGroup } from '../redis/script.ts';
import { slotTag } from '../stream-keys.ts';
import type { Read } from './read-group.ts';
import { type OpenReader, ReadLoop } from './read-loop.ts';
import { ReadPlan } from './read-plan.ts';
import type { RoomBudget } from './room-budget.ts';
import { waitUnless } from './wait-unless.ts';

/** Milliseconds before a read that failed is tried again. */
const pauseAfterLoss = 50;
const pauseAfterRefusal = 1000;

/** How blocking reads are done: connections of their own, and how they are ended. */
export interface Reading {
  readonly open: OpenReader;
  readonly isCluster: boolean;
  /** Milliseconds that a read may wait in Redis. */
  readonly patience: number;
  /** Milliseconds in all after which a connection that has not answered is taken for dead; 0: never. */
  readonly heartbeat: number;
  readonly unblock: ((clientId: number) => Promise<unknown>) | undefined;
}

export interface SlotReadersSetup {
  readonly reading: Reading;
  readonly budget: RoomBudget;
  /** Reads from these streams, at most `room` entries; waits at most `block` ms for the first, with 0 not at all. */
  readonly read: (redis: Commands, keys: readonly string[], room: number, block: number) => Promise<readonly Read[]>;
  /** Hands over what was read. */
  readonly accept: (read: Read) => void;
  /** A stream or its group is not there any more. Only where there is a group. */
  readonly vanished?: () => Promise<void>;
  /** Told what Redis refuses. */
  readonly refused: (what: string, error: unknown) => void;
}

interface Slot {
  readonly plan: ReadPlan;
  readonly loop: ReadLoop;
}

/** Reads many streams: with one connection, or in a cluster with one for each slot, because a read cannot span two. */
export class SlotReaders {
  readonly #setup: SlotReadersSetup;
  readonly #slots = new Map<string, Slot>();
  readonly #stopping = new AbortController();
  #isStarted = false;

  constructor(setup: SlotReadersSetup) {
    this.#setup = setup;
  }

  /** From now on it is read, too. */
  add(key: string): void {
    const where = this.#setup.reading.isCluster ? slotTag(key) : '';
    const slot = this.#slots.get(where);
    if (slot === undefined) this.#open(where, key);
    else {
      slot.plan.add(key);
      slot.loop.wake();
    }
  }

  start(): void {
    this.#isStarted = true;
    for (const { loop } of this.#slots.values()) loop.start();
  }

  /** Resolves when what was read is handed over, after at most `timeout` ms; nothing is read any more. */
  async stop(timeout: number): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#slots.values()].map(({ loop }) => loop.stop(timeout)));
  }

  #open(where: string, key: string): void {
    const { reading, budget } = this.#setup;
    const plan = new ReadPlan(() => budget.isIdle);
    plan.add(key);
    const loop = new ReadLoop({
      ...reading,
      key,
      budget,
      most: () => plan.most,
      read: (redis, room, block) => {
        const { read, accept } = this.#setup;
        const wait = plan.isUrgent ? 0 : block;
        return plan.read(room, (keys) => read(redis, keys, room, wait), accept);
      },
      failed: (error) => this.#failed(error),
    });
    this.#slots.set(where, { plan, loop });
    if (this.#isStarted && !this.#stopping.signal.aborted) loop.start();
  }

  async #failed(error: unknown): Promise<void> {
    const { signal } = this.#stopping;
    const { vanished, refused } = this.#setup;
    if (vanished !== undefined && isNoGroup(error)) {
      await vanished();
      // Perhaps it could not be helped.
      return waitUnless(signal, pauseAfterLoss);
    }
    refused('the streams cannot be read', error);
    await waitUnless(signal, isReplyError(error) ? pauseAfterRefusal : pauseAfterLoss);
  }
}
