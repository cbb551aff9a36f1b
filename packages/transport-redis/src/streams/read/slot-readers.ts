import { isReplyError } from '../../redis-error.ts';
import { type Commands, isNoGroup } from '../redis/script.ts';
import { slotTag } from '../stream-keys.ts';
import { type OpenReader, ReadLoop } from './read-loop.ts';
import type { RoomBudget } from './room-budget.ts';
import { waitUnless } from './wait-unless.ts';

/** Entries in one read, at most. Three instances that share 10 000 requests differ by 1 % with 16, by 10 with 32, by 25 with 64 [measured]. */
const batch = 16;
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
  /** Reads from these streams, at most `room` entries, and hands them over; waits at most `block` ms for the first. */
  readonly read: (redis: Commands, keys: readonly string[], room: number, block: number) => Promise<void>;
  /** A stream or its group is not there any more. Only where there is a group. */
  readonly vanished?: () => Promise<void>;
  /** Told what Redis refuses. */
  readonly refused: (what: string, error: unknown) => void;
}

interface Slot {
  readonly keys: string[];
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
      slot.keys.push(key);
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
    const keys = [key];
    const loop = new ReadLoop({
      ...reading,
      key,
      budget,
      most: () => Math.max(batch, keys.length),
      read: async (redis, room, block) => {
        // Whoever comes first in a read is served first.
        if (keys.length > 1) keys.push(keys.shift() as string);
        await this.#setup.read(redis, keys, room, block);
      },
      failed: (error) => this.#failed(error),
    });
    this.#slots.set(where, { keys, loop });
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
