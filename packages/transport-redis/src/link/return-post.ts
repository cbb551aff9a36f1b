import { RpcCode } from '@parley/core/transport';
import type { Published, Publisher } from '../connect/publisher.ts';
import { isReplyError, refusedError } from '../redis-error.ts';
import { Outbox } from './outbox.ts';

/** Milliseconds between tries: a cluster is not down as a whole when one of its nodes is. */
const retryInterval = 200;

/**
 * Answers, cancels and credit on their way to inboxes. What cannot leave, or may not have, waits for the end of the outage:
 * the other side may not have lost its own connection, and would wait in vain. That some arrive twice does no harm: answers are
 * numbered, a cancel or credit can be repeated.
 */
export class ReturnPost {
  readonly #posts: () => Publisher;
  readonly #outbox: Outbox;
  readonly #warn: (what: string, detail?: unknown) => void;
  #outage: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;
  #isClosed = false;
  readonly #published: Published = (error, _receivers, { channel, message }) => {
    if (error === undefined || this.#isClosed) return;
    const refused = isReplyError(error) ? refusedError(error, `could not publish on "${channel}"`) : undefined;
    if (refused === undefined || refused.code === RpcCode.Unavailable) this.#keep(channel, message);
    else this.#warn(`redis: ${refused.message}`, error);
  };

  /** @param maxBytes that are kept in an outage; what is more is dropped with a warning. */
  constructor(posts: () => Publisher, maxBytes: number, warn: (what: string, detail?: unknown) => void) {
    this.#posts = posts;
    this.#outbox = new Outbox(maxBytes);
    this.#warn = warn;
  }

  /** `undefined`: on its way. A promise: the way is full, or there is none, until it resolves. */
  post(channel: string, message: string | Buffer): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    // Nothing may overtake what waits.
    if (this.#outage === undefined) {
      this.#publish(channel, message);
      return this.#posts().drained();
    }
    this.#keep(channel, message);
    return this.#outage.promise;
  }

  /** The outage is over, or may be: what still cannot leave waits on. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const outage = this.#outage;
    this.#outage = undefined;
    for (const { channel, message } of this.#outbox.take()) this.#publish(channel, message);
    if (this.#outage === undefined) {
      this.#hasWarned = false;
      outage?.resolve();
    } else if (outage !== undefined) this.#outage = outage;
  }

  /** Resolves when nothing waits for the end of an outage; `undefined` when nothing does. */
  get emptied(): Promise<void> | undefined {
    return this.#outage?.promise;
  }

  /** Whoever waits goes on; nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#outbox.take();
    this.#outage?.resolve();
  }

  #publish(channel: string, message: string | Buffer): void {
    this.#posts().publish(channel, message, this.#published);
  }

  #keep(channel: string, message: string | Buffer): void {
    this.#outage ??= Promise.withResolvers();
    this.#timer ??= setTimeout(() => this.flush(), retryInterval).unref();
    if (this.#outbox.put({ channel, message }) || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn('redis: answers are dropped: too many wait for the end of the outage (see the option "maxQueued")');
  }
}
