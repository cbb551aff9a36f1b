import { type Backoff, backoffDelay, RpcCode, RpcException } from '@parley/core/transport';
import type { Redis } from 'ioredis';
import { connectError, lostError } from '../redis-error.ts';
import { Heartbeat } from './heartbeat.ts';
import { within } from './within.ts';

/** Milliseconds that closing may take at most when nothing is to be sent. */
const closeTime = 1000;

export interface ConnectionSetup {
  /** Where it leads, for errors. */
  readonly label: string;
  /**
   * The object to connect with, at every attempt: always the same, or a new one each time (a node of a cluster, which
   * may take a while to find). It must not reconnect by itself.
   */
  make(): Redis | Promise<Redis>;
  /** Called once for each object that `make` gave, before it connects: the place for listeners. */
  adopt?(redis: Redis): void;
  /** After the log in: rejects when it is of no use, such as a replica. */
  check(redis: Redis): Promise<unknown>;
  readonly reconnect: Backoff;
  /** Milliseconds for an attempt, `check` included. */
  readonly connectTimeout: number;
  /** Milliseconds of silence that end it; 0: none do. */
  readonly heartbeat: number;
}

export interface ConnectionOwner {
  up(): void;
  /** It was up, and is gone. It connects again. */
  down(reason: RpcException): void;
  /** An attempt failed; code 503 says that the next one may do better. There is a next one anyway, until `close`. */
  failed(reason: RpcException): void;
}

/**
 * One connection to Redis, made again for ever. ioredis only connects: it neither reconnects, nor queues, nor sends
 * anything twice, so that what becomes of a command is always known.
 */
export class Connection {
  readonly #setup: ConnectionSetup;
  readonly #owner: ConnectionOwner;
  #redis: Redis | undefined;
  #state: 'idle' | 'opening' | 'up' | 'waiting' | 'closed' = 'idle';
  #attempt = 0;
  #upSince = 0;
  /** Before the attempt that is or was the last, in milliseconds. */
  #delay = 0;
  /** Of the attempt, or of the wait for the next one. */
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: Heartbeat | undefined;
  /** Why it is about to end; the first reason is the cause of the others. */
  #trouble: unknown;
  #ended: (() => void) | undefined;

  constructor(setup: ConnectionSetup, owner: ConnectionOwner) {
    this.#setup = setup;
    this.#owner = owner;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Whether a command sent now is written: it may be known to be lost a little later than the socket knows. */
  get canWrite(): boolean {
    return this.#state === 'up' && this.#redis?.status === 'ready' && this.#redis.stream.writable;
  }

  /** @throws RpcException 503 before it was ever opened. */
  get redis(): Redis {
    if (this.#redis === undefined) throw new RpcException('Redis is not connected', { code: RpcCode.Unavailable });
    return this.#redis;
  }

  open(): void {
    if (this.#state === 'closed') return;
    this.#state = 'opening';
    this.#trouble = undefined;
    this.#attempt += 1;
    try {
      const made = this.#setup.make();
      if (made instanceof Promise) made.then((redis) => this.#connect(redis)).catch((error) => this.#unmade(error));
      else this.#connect(made);
    } catch (error) {
      this.#unmade(error);
    }
  }

  /** Ends it as broken; it connects again. */
  drop(trouble: unknown): void {
    if (this.#redis === undefined || (this.#state !== 'opening' && this.#state !== 'up')) return;
    this.#trouble ??= trouble;
    cut(this.#redis);
  }

  /** For good. Resolves when the socket is closed; what was written before is still sent, for at most `timeout` ms. */
  async close(timeout: number): Promise<void> {
    const wasUp = this.#state === 'up';
    const redis = this.#redis;
    this.#rest();
    this.#state = 'closed';
    if (redis === undefined || hasEnded(redis)) return;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    // Waits until all that was sent before is answered.
    if (wasUp && timeout > 0) await within(timeout, redis.ping().catch(ignore));
    cut(redis);
    // A sentinel that is being asked is waited for by ioredis.
    if (!hasEnded(redis)) await within(Math.max(timeout, closeTime), ended);
  }

  #connect(redis: Redis): void {
    if (this.#state !== 'opening') return;
    if (redis !== this.#redis) this.#adopt(redis);
    const { connectTimeout } = this.#setup;
    this.#timer = setTimeout(() => this.drop(timedOut(connectTimeout)), connectTimeout);
    // One that a factory made may be on its way already; what becomes of it the events say.
    if (redis.status === 'ready') this.#check(redis);
    else if (redis.status !== 'connecting' && redis.status !== 'connect') redis.connect().catch(ignore);
  }

  #unmade(error: unknown): void {
    if (this.#state !== 'opening') return;
    this.#trouble = error;
    this.#again();
  }

  #adopt(redis: Redis): void {
    this.#redis = redis;
    redis.on('error', (error: unknown) => this.#failed(redis, error));
    redis.on('ready', () => this.#check(redis));
    redis.on('end', () => this.#end(redis));
    this.#setup.adopt?.(redis);
  }

  #failed(redis: Redis, error: unknown): void {
    if (redis !== this.#redis) return;
    this.#trouble ??= error;
    // ioredis goes on with another database when SELECT fails.
    if (this.#state === 'opening' && redis.status !== 'connecting') cut(redis);
  }

  #check(redis: Redis): void {
    const current = () => redis === this.#redis && this.#state === 'opening';
    if (!current() || this.#trouble !== undefined) return;
    this.#setup.check(redis).then(
      () => {
        if (current() && this.#trouble === undefined) this.#up(redis);
      },
      (error: unknown) => {
        if (current()) this.drop(error);
      },
    );
  }

  #up(redis: Redis): void {
    const { heartbeat } = this.#setup;
    clearTimeout(this.#timer);
    this.#state = 'up';
    this.#upSince = performance.now();
    if (heartbeat > 0) {
      this.#heartbeat = new Heartbeat(redis, heartbeat, () =>
        this.drop(new Error(`it was silent for ${heartbeat} ms`)),
      );
    }
    this.#owner.up();
  }

  #end(redis: Redis): void {
    if (redis !== this.#redis) return;
    this.#ended?.();
    if (this.#state === 'up' || this.#state === 'opening') this.#again();
  }

  #again(): void {
    const wasUp = this.#state === 'up';
    const { label, reconnect } = this.#setup;
    const trouble = this.#trouble;
    this.#rest();
    this.#state = 'waiting';
    // One that is lost as soon as it is up is no better than one that fails: `subscribe` may have been refused.
    if (wasUp && performance.now() - this.#upSince > this.#delay) this.#attempt = 0;
    this.#delay = backoffDelay(reconnect, Math.max(1, this.#attempt));
    this.#timer = setTimeout(() => this.open(), this.#delay);
    if (wasUp) this.#owner.down(lostError(trouble, label));
    else this.#owner.failed(connectError(trouble ?? new Error('it closed the connection'), label));
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
  }
}

function hasEnded(redis: Redis): boolean {
  return redis.status === 'end';
}

/** At once, whatever state it is in; `end` follows. (`disconnect` alone waits for the other side to close.) */
function cut(redis: Redis): void {
  const { stream } = redis as { stream?: Redis['stream'] };
  if (stream !== undefined && !stream.destroyed) stream.destroy();
  else if (!hasEnded(redis)) redis.disconnect();
}

function timedOut(timeout: number): Error {
  return Object.assign(new Error(`no answer within ${timeout} ms`), { code: 'ETIMEDOUT' });
}

function ignore(): void {}
