import type { Connection, ConnectionOwner } from '../../connect/connection.ts';
import { within } from '../../connect/within.ts';
import { type Commands, says } from '../redis/script.ts';
import type { RoomBudget } from './room-budget.ts';
import { waitUnless } from './wait-unless.ts';

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
  /** Milliseconds in all after which a connection that has not answered is taken for dead; 0: never. More than `patience`. */
  readonly heartbeat: number;
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
  /** Counts reads; odd while one is under way. */
  #reads = 0;
  #watch: NodeJS.Timeout | undefined;
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
    const { heartbeat } = this.#setup;
    if (heartbeat > 0) this.#watch = setTimeout(() => this.#checkLife(), heartbeat);
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
    // Not waited for: Redis may hang.
    void this.#unblockUntil(stopped.signal);
    await within(timeout, this.#ended ?? Promise.resolve());
    stopped.abort();
    clearTimeout(this.#watch);
    await this.#connection.close(0);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { budget, most, read, failed, patience } = this.#setup;
    for (;;) {
      await this.#up.promise;
      if (this.#isStopping) return;
      const room = await budget.take(most());
      try {
        if (room === 0 || this.#isStopping) return;
        this.#reads += 1;
        this.#watch?.refresh();
        const { redis } = this.#connection;
        if (this.#setup.unblock !== undefined) this.#clientId ??= await redis.client('ID');
        if (this.#isStopping) return;
        await read(redis, room, budget.isContended ? Math.min(impatience, patience) : patience);
      } catch (error) {
        if (this.#isStopping) continue;
        // In a cluster the slot may be on another node by now: the next connection looks for it.
        if (says(error, 'MOVED')) this.#connection.drop(error);
        else await failed(error);
      } finally {
        if (this.#reads % 2 === 1) this.#reads += 1;
        budget.give(room);
      }
    }
  }

  /** Half a connection is as good as none, and nobody says so. */
  #checkLife(): void {
    const read = this.#reads;
    // If it was this process that hung, the answer waits in the socket: read first, then judge.
    setImmediate(() => {
      if (read % 2 === 1 && read === this.#reads) this.#connection.drop(new Error('a read was not answered in time'));
    });
    this.#watch?.refresh();
  }

  async #unblockUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#unblock();
      await waitUnless(signal, unblockInterval);
    }
  }

  async #unblock(): Promise<void> {
    // Where it fails the read ends by itself, or with its connection.
    if (this.#clientId !== undefined) await this.#setup.unblock?.(this.#clientId).catch(() => undefined);
  }
}
