import { setTimeout as wait } from 'node:timers/promises';
import type { Connection, ConnectionOwner } from '../../connect/connection.ts';
import type { Commands } from '../redis/script.ts';
import type { RoomBudget } from './room-budget.ts';

/** Makes a connection of its own for reads that block; in a cluster to the node that has the key. */
export type OpenReader = (key: string, owner: ConnectionOwner) => Connection;

/** Milliseconds that a read may wait in Redis for something to come, if others wait for room to read. */
const impatience = 100;
/** Between two attempts to end a read: the first may overtake the command on its way to Redis. */
const unblockInterval = 20;

export interface ReadLoopSetup {
  readonly open: OpenReader;
  /** Of one of the streams. */
  readonly key: string;
  /** Ends a read that waits, by its connection's id; `undefined` where that cannot be done. */
  readonly unblock: ((clientId: number) => Promise<unknown>) | undefined;
  /** Milliseconds that a read may wait in Redis for something to come. */
  readonly patience: number;
  readonly budget: RoomBudget;
  /** How many entries it would read at once. */
  readonly most: () => number;
  /** Reads at most `room` entries and hands them over; waits at most `block` ms for the first. */
  readonly read: (redis: Commands, room: number, block: number) => Promise<void>;
  /** Told of what a read failed with; resolves when it may be tried again. */
  readonly failed: (error: unknown) => Promise<void>;
}

/** Reads, hands over, reads again, as long as core has room. */
export class ReadLoop {
  readonly #setup: ReadLoopSetup;
  readonly #connection: Connection;
  #up = Promise.withResolvers<void>();
  /** By which Redis knows the connection. */
  #clientId: number | undefined;
  #isStopping = false;
  #ended: Promise<void> | undefined;

  constructor(setup: ReadLoopSetup) {
    this.#setup = setup;
    this.#connection = setup.open(setup.key, {
      up: () => this.#up.resolve(),
      down: () => {
        this.#clientId = undefined;
        if (!this.#isStopping) this.#up = Promise.withResolvers();
      },
      // What is wrong with Redis the other connections tell.
      failed: () => undefined,
    });
  }

  start(): void {
    this.#connection.open();
    this.#ended = this.#run();
  }

  /** Ends the read that waits, if one does: there is something else to read. */
  wake(): void {
    void this.#unblock();
  }

  /** Resolves when all that was read is with core, after at most `timeout` ms; nothing is read any more. */
  async stop(timeout: number): Promise<void> {
    this.#isStopping = true;
    this.#up.resolve();
    const stopped = new AbortController();
    const late = wait(timeout, undefined, { signal: stopped.signal }).catch(() => undefined);
    const unblocking = this.#unblockUntil(stopped.signal);
    await Promise.race([this.#ended, late]);
    stopped.abort();
    await this.#connection.close(0);
    await Promise.all([this.#ended, unblocking]);
  }

  async #run(): Promise<void> {
    const { budget, most, read, failed, patience } = this.#setup;
    for (;;) {
      await this.#up.promise;
      if (this.#isStopping) return;
      const room = await budget.take(most());
      try {
        if (room === 0 || this.#isStopping) return;
        const { redis } = this.#connection;
        if (this.#setup.unblock !== undefined) this.#clientId ??= Number(await redis.client('ID'));
        if (this.#isStopping) return;
        await read(redis, room, budget.isContended ? Math.min(impatience, patience) : patience);
      } catch (error) {
        if (!this.#isStopping) await failed(error);
      } finally {
        budget.give(room);
      }
    }
  }

  async #unblockUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#unblock();
      await wait(unblockInterval, undefined, { signal }).catch(() => undefined);
    }
  }

  async #unblock(): Promise<void> {
    // Where it fails the read ends by itself, or with its connection.
    if (this.#clientId !== undefined) await this.#setup.unblock?.(this.#clientId).catch(() => undefined);
  }
}
