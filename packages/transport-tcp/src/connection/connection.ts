import type { Socket } from 'node:net';
import { type Envelope, errorToWire, type Link, type Receiver, RpcCode, RpcException } from '@parley/core/transport';
import {
  type Frame,
  type GoAway,
  type Hello,
  majorVersion,
  maxHeadBytes,
  maxHelloBytes,
  minorVersion,
  type Refused,
} from '../frame/frame.ts';
import { FrameDecoder } from '../frame/frame-decoder.ts';
import { FrameError } from '../frame/frame-error.ts';
import { FrameReader } from '../frame/frame-reader.ts';
import { TcpContext } from '../tcp-context.ts';
import { connectError, lostError } from '../tcp-error.ts';
import type { ConnectionOwner, ConnectionSettings } from './connection-owner.ts';
import { Outbox } from './outbox.ts';
import type { TcpSource } from './source.ts';
import { describeStranger } from './stranger.ts';
import { Watch } from './watch.ts';

/** Milliseconds that a refused peer gets to read why, before its connection is cut. */
const lingerTime = 1000;

/** What an end before the hello counts as. */
const closedEarly = { code: 'ECONNRESET' };

/**
 * One connection, from the moment its socket is connected (and secure): hello, frames, goAway, end. It is the link
 * that core sends over. `hello` → `open` → (`ending` →) `closed`.
 *
 * It never stops reading because its own writes wait: two peers that did would wait for each other for ever.
 */
export class Connection implements Link, TcpSource {
  readonly shared = true;
  readonly Context = TcpContext;
  readonly socket: Socket;
  readonly remoteAddress: string | undefined;
  /** The other side as messages name it. */
  readonly peer: string;
  readonly #settings: ConnectionSettings;
  readonly #owner: ConnectionOwner;
  readonly #decoder: FrameDecoder;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #watch: Watch;
  readonly #gone = Promise.withResolvers<void>();
  #state: 'hello' | 'open' | 'ending' | 'closed' = 'hello';
  #maxBody: number;
  #receiver: Receiver | undefined;
  #completed = 0;
  #error: unknown;
  #leaving: PromiseWithResolvers<void> | undefined;
  #saidDone = false;
  /** Why the other side said it would go. */
  #farewell: string | undefined;
  #refusesRequests = false;

  constructor(socket: Socket, peer: string, settings: ConnectionSettings, owner: ConnectionOwner) {
    this.socket = socket;
    this.remoteAddress = socket.remoteAddress;
    this.peer = peer;
    this.#settings = settings;
    this.#owner = owner;
    this.#maxBody = settings.maxBody;
    this.#decoder = new FrameDecoder(settings.strings, settings.maxBody, this);
    this.#reader = new FrameReader(maxHelloBytes, (buffer, start, end) => this.#frame(buffer, start, end));
    this.#outbox = new Outbox(socket, settings);
    this.#watch = new Watch(settings, this.#watched());
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('end', () => this.#finish(this.#lost()));
    socket.on('close', () => {
      this.#finish(this.#lost());
      this.#gone.resolve();
    });
    const { name, maxBody } = settings;
    this.#outbox.write({ kind: 'hello', major: majorVersion, minor: minorVersion, maxBody, name });
  }

  /** The smaller one of what the two sides take. */
  get maxBody(): number {
    return this.#maxBody;
  }

  send(envelope: Envelope): Promise<void> | undefined {
    const isNew = envelope.kind === 'request' || envelope.kind === 'event';
    if (this.#state !== 'open' || (isNew && this.#saidDone)) {
      return isNew ? Promise.reject(this.#unavailable()) : undefined;
    }
    if (isNew && this.#outbox.backlog > this.#settings.maxQueued) return Promise.reject(this.#overloaded());
    if (!isNew && this.#isOverflown()) return undefined;
    let full: boolean;
    try {
      full = this.#outbox.write(envelope);
    } catch (error) {
      return this.#unsendable(envelope, error);
    }
    return full && envelope.kind !== 'request' ? this.#whenFree(envelope.kind) : undefined;
  }

  /**
   * Asks the other side to send nothing new. Resolves when it has said that it will not, or is gone; all that it sent
   * before has been received then.
   */
  goAway(reason: string): Promise<void> {
    if (this.#state !== 'hello' && this.#state !== 'open') return Promise.resolve();
    if (this.#leaving === undefined) {
      this.#leaving = Promise.withResolvers<void>();
      this.#outbox.write({ kind: 'goAway', phase: 'leaving', code: RpcCode.Unavailable, reason });
    }
    return this.#leaving.promise;
  }

  /** From now on a request is answered with 503. For those who do not answer goAway. */
  refuseRequests(): void {
    this.#refusesRequests = true;
  }

  /** Writes what waits, says that nothing follows, and waits for the other side to do the same, for `timeout` ms at most. */
  async close(timeout: number): Promise<void> {
    if (this.#state === 'hello') this.socket.destroy();
    if (this.#state === 'open') this.#state = 'ending';
    this.#outbox.end();
    const timer = setTimeout(() => this.socket.destroy(), timeout);
    await this.#gone.promise;
    clearTimeout(timer);
  }

  #data(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    const before = this.#completed;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      // Not even a hello: whoever it is, trying again will not make it a Parley peer.
      if (this.#isNew) this.#violation(RpcCode.Unsupported, describeStranger(chunk) ?? error.message);
      else this.#violation(error.code, error.message);
      return;
    } finally {
      this.#decoder.release();
    }
    this.#watch.heard(this.#completed !== before);
  }

  /** Returns whether to go on. */
  #frame(buffer: Buffer, start: number, end: number): boolean {
    this.#completed += 1;
    const frame = this.#decoder.decode(buffer, start, end);
    if (this.#state === 'hello') this.#first(frame);
    else this.#next(frame);
    // What was received may have led to the end of the connection.
    return (this.#state as string) !== 'closed';
  }

  #first(frame: Frame | Refused): void {
    if (frame.kind === 'goAway' && frame.phase === 'now') return this.#turnedAway(frame);
    if (frame.kind !== 'hello') throw new FrameError(`a frame of kind ${frame.kind} before the hello`);
    this.#open(frame);
  }

  #open(hello: Hello): void {
    const { maxBody } = this.#settings;
    this.#maxBody = Math.min(maxBody, hello.maxBody);
    this.#reader.limit = maxBody + maxHeadBytes;
    this.#watch.greeted();
    this.#state = 'open';
    this.#receiver = this.#owner.opened(this);
  }

  #next(frame: Frame | Refused): void {
    switch (frame.kind) {
      case 'request':
        if (this.#refusesRequests || this.#state === 'ending')
          return this.#answer(frame.id as number, this.#unavailable());
        return this.#receiver?.receive(frame);
      case 'refused':
        if (frame.id !== undefined) return this.#answer(frame.id, frame.reason);
        return this.#owner.warn(`dropped an event from ${this.peer}: ${frame.reason.message}`);
      case 'ping':
        return this.#control({ kind: 'pong' });
      case 'pong':
        return;
      case 'goAway':
        return this.#goAway(frame);
      case 'hello':
        throw new FrameError('a second hello');
      default:
        this.#receiver?.receive(frame);
    }
  }

  #goAway(frame: GoAway): void {
    if (frame.phase === 'now') return this.#turnedAway(frame);
    if (frame.phase === 'done') {
      this.#refusesRequests = true;
      this.#leaving?.resolve();
      return;
    }
    if (this.#saidDone) return;
    this.#farewell = printable(frame.reason);
    // Core sends nothing new here after this, so that our `done` is true.
    this.#receiver?.drain();
    this.#saidDone = true;
    this.#control({ kind: 'goAway', phase: 'done', code: 0, reason: '' });
    this.#owner.leaving(this);
  }

  /** The other side closes the connection and says why. */
  #turnedAway({ code, reason }: GoAway): void {
    const message = `${this.peer} closed the connection: ${printable(reason)} (${code})`;
    this.#owner.warn(message);
    this.#finish(new RpcException(message, { code: this.#lostCode(code) }));
  }

  /** The other side does not keep to the protocol. */
  #violation(code: RpcCode, what: string): void {
    this.#owner.warn(`closed the connection from ${this.peer}: ${what}`);
    this.#refuse(code, what);
  }

  #refuse(code: RpcCode, reason: string): void {
    this.#control({ kind: 'goAway', phase: 'now', code, reason });
    const message = `The connection to ${this.peer} was closed: ${reason}`;
    this.#finish(new RpcException(message, { code: this.#lostCode(code) }), lingerTime);
  }

  get #isNew(): boolean {
    return this.#state === 'hello';
  }

  /** Before the hello nothing was asked: it can be tried again, unless the other side speaks something else. */
  #lostCode(code: number): RpcCode {
    if (!this.#isNew) return RpcCode.ConnectionLost;
    return code === RpcCode.Unsupported ? RpcCode.Unsupported : RpcCode.Unavailable;
  }

  /** The socket ended by itself. */
  #lost(): RpcException {
    if (this.#isNew) return connectError(this.#error ?? closedEarly, this.peer);
    if (this.#farewell === undefined) return lostError(this.#error, this.peer);
    const message = `${this.peer} closed the connection, as it had announced: ${this.#farewell}`;
    return new RpcException(message, { code: RpcCode.ConnectionLost });
  }

  /** The end of everything here but the socket, which goes at once, or has `linger` ms to get rid of what waits. */
  #finish(reason: RpcException, linger = 0): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#watch.close();
    if (linger > 0) {
      this.#outbox.end();
      const timer = setTimeout(() => this.socket.destroy(), linger).unref();
      void this.#gone.promise.then(() => clearTimeout(timer));
    } else {
      this.socket.destroy();
    }
    this.#outbox.discard();
    this.#receiver?.detach(reason);
    this.#owner.closed(this, reason);
    this.#leaving?.resolve();
  }

  #answer(id: number, reason: RpcException): void {
    this.#control({ kind: 'error', id, body: errorToWire(reason) });
  }

  /** A frame that the other side causes: many of them must not pile up either. */
  #control(frame: Frame): void {
    if (!this.#isOverflown()) this.#outbox.write(frame);
  }

  /**
   * New work is refused before it comes to this: answers get as much room again. An answer that is lost without a
   * word could not be made good, other than by ending it all.
   */
  #isOverflown(): boolean {
    if (this.#outbox.size <= 2 * this.#settings.maxQueued) return false;
    const what = this.#tooSlow();
    this.#owner.warn(`closed the connection: ${what}`);
    this.#finish(new RpcException(`The connection was closed: ${what}`, { code: RpcCode.ConnectionLost }));
    return true;
  }

  #tooSlow(): string {
    return `${this.#outbox.size} bytes wait for ${this.peer}, which reads too slowly`;
  }

  #overloaded(): RpcException {
    return new RpcException(`Not sent: ${this.#tooSlow()}`, { code: RpcCode.Overloaded });
  }

  async #whenFree(kind: Envelope['kind']): Promise<void> {
    const isFree = await this.#outbox.whenFree();
    if (isFree || kind !== 'event') return;
    throw new RpcException(`The connection to ${this.peer} was lost`, { code: RpcCode.ConnectionLost });
  }

  #unavailable(): RpcException {
    return new RpcException(`${this.peer} cannot be reached: the connection is being closed`, {
      code: RpcCode.Unavailable,
    });
  }

  /** Too much besides the body; core has checked the rest. An answer becomes an error, so that its caller hears something. */
  #unsendable(envelope: Envelope, error: unknown): Promise<void> | undefined {
    if (!(error instanceof FrameError)) throw error;
    const reason = new RpcException(`The message cannot be sent: ${error.message}`, { code: error.code });
    if (envelope.kind === 'request' || envelope.kind === 'event') return Promise.reject(reason);
    if (envelope.kind === 'reply') this.#answer(envelope.id as number, new RpcException(reason.message));
    return undefined;
  }

  #watched(): ConstructorParameters<typeof Watch>[1] {
    const reader = this.#reader;
    const outbox = this.#outbox;
    return {
      get incomplete() {
        return reader.incomplete;
      },
      get progress() {
        return outbox.progress;
      },
      ping: () => this.#control({ kind: 'ping' }),
      expired: (why) => this.#violation(RpcCode.Timeout, why),
    };
  }
}

/** What a stranger sent, for a log: no control characters. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 500));
}
