import { type Codec, decodePayload, type Reply } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { type OutgoingCall, PendingCall } from './pending-call.ts';

interface Waiter {
  readonly resolve: (result: IteratorResult<unknown>) => void;
  readonly reject: (error: RpcException) => void;
}

/** How a stream call reaches what sends for it. */
export interface StreamControl {
  /** The stream was read so far that more credit is due; `call.credit` holds the new total. */
  grant(call: StreamCall): void;
  /** The reader has left. */
  leave(call: StreamCall): void;
}

/** A call that wants every reply, read at the reader's pace: what is unread never exceeds the buffer. */
export class StreamCall extends PendingCall implements AsyncIterator<unknown, undefined> {
  readonly #buffer: number;
  readonly #control: StreamControl;
  readonly #unread: unknown[] = [];
  readonly #waiters: Waiter[] = [];
  #granted: number;
  #read = 0;
  #wantsMore = true;
  #end: { readonly error: RpcException | undefined } | undefined;

  constructor(call: OutgoingCall, now: number, buffer: number, control: StreamControl) {
    super(call, now);
    this.#buffer = buffer;
    this.#granted = buffer;
    this.#control = control;
  }

  get credit(): number {
    return this.#granted;
  }

  reply({ body, contentType, last }: Reply, codec: Codec): void {
    if (this.#unread.length >= this.#buffer) {
      throw new RpcException(`"${this.pattern}" sent more replies than it had credit for (${this.#granted})`, {
        code: RpcCode.Overloaded,
      });
    }
    const value = decodePayload(body, contentType, codec);
    if (last) this.#wantsMore = false;
    this.#put(value);
    if (last) this.complete();
  }

  complete(): void {
    this.#finish(undefined);
  }

  fail(error: RpcException): void {
    this.#finish(error);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#unread.length > 0) {
      const value = this.#unread.shift();
      this.#countRead();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    }
    const { error } = this.#end;
    this.#end = { error: undefined }; // An iterator fails once; afterwards it is done.
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#unread.length = 0;
    if (this.#end === undefined) {
      this.#control.leave(this);
      this.#finish(undefined);
    }
    this.#end = { error: undefined };
    return Promise.resolve({ done: true, value: undefined });
  }

  #put(value: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#unread.push(value);
      return;
    }
    waiter.resolve({ done: false, value });
    this.#countRead();
  }

  /** Credit is given by halves of the buffer, so that few messages say it and the sender need not stop. */
  #countRead(): void {
    this.#read += 1;
    if (!this.#wantsMore || this.#granted - this.#read > this.#buffer / 2) return;
    this.#granted = this.#read + this.#buffer;
    this.#control.grant(this);
  }

  #finish(error: RpcException | undefined): void {
    if (this.#end !== undefined) return;
    this.#wantsMore = false;
    const [first, ...others] = this.#waiters.splice(0);
    this.#end = { error: first === undefined ? error : undefined };
    if (error === undefined) first?.resolve({ done: true, value: undefined });
    else first?.reject(error);
    for (const waiter of others) waiter.resolve({ done: true, value: undefined });
  }
}
