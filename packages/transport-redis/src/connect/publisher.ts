import { RpcCode, RpcException } from '@parley/core/transport';
import { Backlog } from './backlog.ts';

/**
 * What became of a message. Without an error Redis has published it, to so many; of an error {@link isUnsent} says whether it
 * surely was not written; one of Redis itself refuses it; after any other nobody knows.
 */
export type Published = (error: Error | undefined, receivers: number | undefined) => void;

/** As ioredis calls back. */
export type Confirmed = (error?: Error | null, receivers?: number) => void;

/** How messages leave. */
export interface Outlet {
  /** Whether what is published now is written to a socket. */
  readonly isOpen: boolean;
  publish(channel: string, message: string | Buffer, confirmed: Confirmed): void;
}

interface Waiting {
  readonly channel: string;
  readonly message: string | Buffer;
  readonly published: Published;
}

/**
 * Bytes under way whose PUBLISH is not confirmed; more waits here.
 *
 * Redis cuts a subscriber off for whom 32 MiB wait (`client-output-buffer-limit pubsub 32mb 8mb 60` by default), and what
 * waited is lost. Who publishes no faster than Redis confirms gives subscribers the time to read: without it one
 * burst of 256 MB does cut them off [measured], with it none.
 */
const maxUnconfirmed = 524_288;

/** What a command takes besides its channel and message, about. */
const commandBytes = 40;

const maxLeft = 4096;

/** Publishes in order, no faster than Redis confirms. */
export class Publisher {
  readonly #outlet: Outlet;
  #unconfirmed = 0;
  readonly #waiting: Waiting[] = [];
  /** Of `#waiting`, how many at its beginning have left. */
  #left = 0;
  readonly #backlog = new Backlog();
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  publish(channel: string, message: string | Buffer, published: Published): void {
    const size = channel.length + message.length + commandBytes;
    if (!this.#isWaiting && this.#mayLeave(size)) {
      this.#send(channel, message, size, published);
      return;
    }
    this.#waiting.push({ channel, message, published });
    this.#backlog.add(size);
  }

  /** Bytes that earlier ticks have left waiting. */
  get backlog(): number {
    return this.#backlog.bytes;
  }

  /** Resolves when nothing waits any more, sent or not; `undefined` when nothing does. */
  drained(): Promise<void> | undefined {
    if (!this.#isWaiting) return undefined;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  get #isWaiting(): boolean {
    return this.#waiting.length > this.#left;
  }

  /** What is under way when a connection is lost comes back first: nothing may overtake it. */
  #mayLeave(size: number): boolean {
    return this.#unconfirmed === 0 || (this.#unconfirmed + size <= maxUnconfirmed && this.#outlet.isOpen);
  }

  #send(channel: string, message: string | Buffer, size: number, published: Published): void {
    if (!this.#outlet.isOpen) {
      published(unsent, undefined);
      return;
    }
    this.#unconfirmed += size;
    this.#outlet.publish(channel, message, (error, receivers) => {
      this.#unconfirmed -= size;
      published(error ?? undefined, receivers);
      if (this.#isWaiting) this.#sendWaiting();
    });
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[this.#left]; next !== undefined; next = this.#waiting[this.#left]) {
      const { channel, message, published } = next;
      const size = channel.length + message.length + commandBytes;
      if (!this.#mayLeave(size)) break;
      this.#left += 1;
      this.#backlog.remove(size);
      this.#send(channel, message, size, published);
    }
    if (this.#isWaiting && this.#left < maxLeft) return;
    // Now and then: each time would be slow when many wait.
    this.#waiting.splice(0, this.#left);
    this.#left = 0;
    if (this.#waiting.length > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}

const unsent = new RpcException('Redis is not connected', { code: RpcCode.Unavailable });

/** It was never written: nobody can have got it. */
export function isUnsent(error: unknown): boolean {
  return error === unsent;
}
