import { Backlog } from './backlog.ts';
import { unsent } from './unsent.ts';

/**
 * What became of a message. Without an error Redis has published it, to so many; of an error `isUnsent` says whether it
 * surely was not written; one of Redis itself refuses it; after any other nobody knows.
 */
export type Published = (error: Error | undefined, receivers: number | undefined, outgoing: Outgoing) => void;

/** A message on its way out. */
export interface Outgoing {
  readonly channel: string;
  readonly message: string | Buffer;
  readonly published: Published;
  /** Bytes, about. */
  readonly size: number;
}

/** How messages leave. */
export interface Carrier {
  /** Whether what is given to it now is written to a socket. */
  readonly isOpen: boolean;
  /** In order for each channel. */
  carry(outgoing: Outgoing, confirmed: Confirmed): void;
  /** What it has leaves now, not at the end of the tick. */
  flush(): void;
}

/** Called once for each message. */
export type Confirmed = (outgoing: Outgoing, error: Error | undefined, receivers: number | undefined) => void;

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
  readonly #carrier: Carrier;
  #unconfirmed = 0;
  readonly #waiting: Outgoing[] = [];
  /** Of `#waiting`, how many at its beginning have left. */
  #left = 0;
  readonly #backlog = new Backlog();
  #drained: PromiseWithResolvers<void> | undefined;
  readonly #confirmed: Confirmed = (outgoing, error, receivers) => {
    this.#unconfirmed -= outgoing.size;
    outgoing.published(error, receivers, outgoing);
    if (this.#isWaiting) this.#sendWaiting();
  };

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  publish(channel: string, message: string | Buffer, published: Published): void {
    const outgoing = { channel, message, published, size: channel.length + message.length + commandBytes };
    if (!this.#isWaiting && this.#mayLeave(outgoing)) {
      this.#send(outgoing);
      return;
    }
    this.#waiting.push(outgoing);
    this.#backlog.add(outgoing.size);
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

  /** What may leave now is written now, not at the end of the tick. */
  flush(): void {
    this.#carrier.flush();
  }

  get #isWaiting(): boolean {
    return this.#waiting.length > this.#left;
  }

  /** What is under way when a connection is lost comes back first: nothing may overtake it. */
  #mayLeave({ size }: Outgoing): boolean {
    return this.#unconfirmed === 0 || (this.#unconfirmed + size <= maxUnconfirmed && this.#carrier.isOpen);
  }

  #send(outgoing: Outgoing): void {
    if (!this.#carrier.isOpen) {
      outgoing.published(unsent, undefined, outgoing);
      return;
    }
    this.#unconfirmed += outgoing.size;
    this.#carrier.carry(outgoing, this.#confirmed);
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[this.#left]; next !== undefined; next = this.#waiting[this.#left]) {
      if (!this.#mayLeave(next)) break;
      this.#left += 1;
      this.#backlog.remove(next.size);
      this.#send(next);
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
