import {
  type Answer,
  type Arrival,
  type Control,
  type Envelope,
  type Event,
  errorToWire,
  type Hub,
  kindsOn,
  type Link,
  type Receiver,
  type Request,
  RpcCode,
  RpcException,
  writeHead,
} from '@parley/core/transport';
import { type Connections, createConnections } from '../connect/connections.ts';
import type { Subscriptions } from '../connect/subscriber.ts';
import { isUnsent } from '../connect/unsent.ts';
import { within } from '../connect/within.ts';
import type { Names, ReadChannel } from '../names.ts';
import { RedisContext } from '../redis-context.ts';
import { connectError, isReplyError, refusedError, unknownError } from '../redis-error.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { packMessage, readable } from '../wire/message.ts';
import { readParcel } from '../wire/parcel.ts';
import { readMessage } from '../wire/read-message.ts';
import { instanceName } from './instance-name.ts';
import { ReturnPost } from './return-post.ts';

/** Whose link it is: a server gives up when Redis is not there, a client tries for ever. */
export type Side = 'server' | 'client';

type State =
  /** Not attached yet: what comes waits until it is. */
  { readonly is: 'opening'; readonly early: (() => void)[] } | { readonly is: 'up' | 'down' | 'gone' };

/**
 * What both modes share: the connections, one inbox, subscribed and confirmed before anything else, the answers, and what
 * becomes of them in an outage. How requests and events travel, and who hears them, the mode says.
 */
export abstract class RedisLink implements Link {
  readonly shared = false;
  readonly maxBody: number;
  readonly Context = RedisContext;
  /** The name of this instance, and of its inbox. Unique. */
  readonly instance: string;
  protected readonly options: ResolvedRedisOptions;
  protected readonly names: Names;
  protected readonly hub: Hub;
  protected readonly side: Side;
  protected readonly connections: Connections;
  readonly #returnPost: ReturnPost;
  readonly #ownChannels: readonly string[];
  readonly #opened = Promise.withResolvers<void>();
  #state: State = { is: 'opening', early: [] };
  #receiver: Receiver | undefined;
  #epoch = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedRedisOptions, hub: Hub, side: Side) {
    this.options = options;
    this.names = options.names;
    this.hub = hub;
    this.side = side;
    this.maxBody = options.maxBody;
    this.instance = instanceName(options.group ?? side);
    this.#returnPost = new ReturnPost(
      () => this.connections.posts,
      options.maxQueued,
      (what, detail) => hub.warn(what, detail),
    );
    this.#ownChannels = [
      this.names.channel('inbox', this.instance),
      ...hub.routes.messages.map((pattern) => this.names.channel('control', pattern)),
    ];
    this.connections = createConnections(options, {
      name: this.instance,
      up: () => void this.#establish(),
      down: (reason) => this.#down(reason),
      failed: (reason) => this.#failed(reason),
      receive: (channel, message, glob) => this.#receive(channel, message, glob),
    });
    // Whoever opens it hears of it.
    this.#opened.promise.catch(() => undefined);
  }

  /** What to listen to besides the inbox and the control channels: asked after each connect, also while paused. */
  protected abstract subscriptions(): Subscriptions;
  /** Once per connect, before it counts as up: groups, checks. A rejection with 503 is tried again, another ends a start. */
  protected abstract prepare(): Promise<void>;
  /** It is up (again), and core knows. */
  protected abstract began(): void;
  /** It is down, or about to close: stop reading. Core knows, or will be told. */
  protected abstract ceased(): void;
  protected abstract request(envelope: Request): Promise<void> | undefined;
  protected abstract event(envelope: Event): Promise<void> | undefined;
  /** What is known of messages on a channel that is neither an inbox nor a control channel; `undefined`: they are dropped. */
  protected abstract arrivalOn(channel: string, of: ReadChannel, glob: string | undefined): Arrival | undefined;
  /** Takes nothing new; resolves when Redis has confirmed it. */
  abstract pause(): Promise<void>;

  /** Resolves when it is attached. Rejects for what trying again does not heal, a server's also with 503. */
  open(): Promise<void> {
    this.connections.open();
    return this.#opened.promise;
  }

  send(envelope: Envelope): Promise<void> | undefined {
    switch (envelope.kind) {
      case 'request':
      case 'event':
        return this.#ask(envelope);
      case 'cancel':
      case 'credit':
        return this.#control(envelope);
      default:
        return this.#answer(envelope);
    }
  }

  /** For good, within `timeout` ms. */
  close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  /** For `unwrap`. @throws RpcException 503 before it was opened. */
  get driver(): unknown {
    return this.connections.commands;
  }

  protected get isUp(): boolean {
    return this.#state.is === 'up';
  }

  /** @throws RpcException 503 before it is attached. */
  protected get receiver(): Receiver {
    if (this.#receiver !== undefined) return this.#receiver;
    throw new RpcException('Redis is not connected yet', { code: RpcCode.Unavailable });
  }

  /** Why a message for `pattern` failed: 502 when it may have been sent, anything else when it surely was not. */
  protected failure(error: unknown, pattern: string): RpcException {
    if (isUnsent(error)) return notSent(pattern, 'Redis is not connected', RpcCode.Unavailable);
    return isReplyError(error) ? refusedError(error, `"${pattern}" was not sent`) : unknownError(error, pattern);
  }

  /** An answer to a request that core never sees. */
  protected refuse(id: Request['id'], reason: RpcException): void {
    void this.#answer({ kind: 'error', id, seq: 0, body: errorToWire(reason) });
  }

  #refuse(channel: string, id: Request['id'] | undefined, reason: RpcException): void {
    if (id === undefined) this.hub.warn(`redis: dropped an event on "${channel}"`, reason);
    else this.refuse(id, reason);
  }

  #ask(envelope: Request | Event): Promise<void> | undefined {
    const { pattern } = envelope;
    if (this.#state.is !== 'up') return Promise.reject(notSent(pattern, 'Redis is not connected', RpcCode.Unavailable));
    const { maxQueued } = this.options;
    const { posts, events } = this.connections;
    if ((envelope.kind === 'event' ? events : posts).backlog > maxQueued) {
      return Promise.reject(notSent(pattern, `${maxQueued} bytes wait for Redis already`, RpcCode.Overloaded));
    }
    return envelope.kind === 'request' ? this.request(envelope) : this.event(envelope);
  }

  #control(envelope: Control): Promise<void> | undefined {
    const { to, pattern } = envelope;
    // Nobody has answered yet: to all who may hold it, those too that take nothing new any more.
    const channel = to === undefined ? this.names.channel('control', pattern) : this.names.channel('inbox', to);
    return this.#returnPost.post(channel, writeHead(envelope, this.instance));
  }

  #answer(envelope: Answer): Promise<void> | undefined {
    // A return address, as `readMessage` has checked: the inbox, a slash, a number.
    const id = String(envelope.id);
    const inbox = this.names.channel('inbox', id.slice(0, id.lastIndexOf('/')));
    const body = 'body' in envelope ? envelope.body : undefined;
    return this.#returnPost.post(inbox, packMessage(writeHead(envelope, this.instance), body));
  }

  #receive(channelBytes: Buffer, message: Buffer, glob: string | undefined): void {
    if (this.#state.is === 'opening') this.#state.early.push(() => this.#receive(channelBytes, message, glob));
    if (this.#receiver === undefined || this.#state.is === 'gone') return;
    const channel = channelBytes.toString();
    const of = this.names.read(channel);
    const arrival = of && this.#arrivalOn(channel, of, glob);
    if (arrival === undefined) return;
    try {
      const whole = readable(message);
      const bounds = readParcel(whole) ?? [0, whole.length];
      for (let index = 1; index < bounds.length; index += 1) {
        this.#deliver(channel, whole, arrival, bounds[index - 1] as number, bounds[index] as number);
      }
    } catch (error) {
      this.hub.warn(`redis: dropped a parcel on "${channel}"`, error);
    }
  }

  #arrivalOn(channel: string, of: ReadChannel, glob: string | undefined): Arrival | undefined {
    const { maxBody } = this;
    switch (of.kind) {
      case 'inbox':
        return { pattern: '', kinds: kindsOn.inbox, maxBody };
      case 'control':
        return { pattern: of.of, kinds: kindsOn.control, maxBody };
      default:
        return this.arrivalOn(channel, of, glob);
    }
  }

  /** Gives core what came. What cannot be read is dropped with a warning, and harms nothing else in its parcel. */
  #deliver(channel: string, whole: Buffer | string, arrival: Arrival, from: number, to: number): void {
    try {
      const envelope = readMessage(whole, arrival, from, to);
      if (envelope.kind === 'refused') this.#refuse(channel, envelope.id, envelope.reason);
      else this.#receiver?.receive(envelope);
    } catch (error) {
      this.hub.warn(`redis: dropped a message on "${channel}"`, error);
    }
  }

  /** All connections are up: subscribe, and tell core. */
  async #establish(): Promise<void> {
    const epoch = ++this.#epoch;
    try {
      const { channels, globs } = this.subscriptions();
      await this.connections.subscribe({ channels: [...this.#ownChannels, ...channels], globs });
      await this.prepare();
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#failed(connectError(error, this.options.place.label));
      this.connections.drop(error);
      return;
    }
    if (epoch === this.#epoch && this.#closing === undefined) this.#up();
  }

  #up(): void {
    const former = this.#state;
    this.#state = { is: 'up' };
    this.#returnPost.flush();
    if (former.is === 'opening') {
      this.#receiver = this.hub.attach(this);
      this.#opened.resolve();
      for (const deliver of former.early) deliver();
    } else if (former.is === 'down') {
      this.#receiver?.restored();
    }
    this.began();
  }

  #down(reason: RpcException): void {
    this.#epoch += 1;
    if (this.#state.is === 'opening') this.#failed(connectError(reason, this.options.place.label));
    if (this.#state.is !== 'up') return;
    this.#state = { is: 'down' };
    this.ceased();
    this.#receiver?.lost(reason);
  }

  #failed(reason: RpcException): void {
    const mayHeal = reason.code === RpcCode.Unavailable || reason.code === RpcCode.ConnectionLost;
    if (this.#state.is !== 'opening') {
      if (!mayHeal) this.hub.warn(`redis: ${reason.message}`, reason.cause);
      return;
    }
    if (this.side === 'server' || !mayHeal) {
      this.#opened.reject(mayHeal ? unavailable(reason) : reason);
      void this.close(0);
    } else this.hub.unreachable(unavailable(reason));
  }

  async #close(timeout: number): Promise<void> {
    const former = this.#state;
    this.#epoch += 1;
    this.#opened.reject(new RpcException('Redis was disconnected before it was ready', { code: RpcCode.Unavailable }));
    if (former.is === 'up') this.ceased();
    const begun = performance.now();
    const { emptied } = this.#returnPost;
    if (emptied !== undefined && timeout > 0) await within(timeout, emptied);
    await this.connections.close(Math.max(0, timeout - (performance.now() - begun)));
    this.#state = { is: 'gone' };
    this.#returnPost.close();
  }
}

function notSent(pattern: string, why: string, code: RpcCode): RpcException {
  return new RpcException(`"${pattern}" was not sent: ${why}`, { code });
}

function unavailable(reason: RpcException): RpcException {
  if (reason.code === RpcCode.Unavailable) return reason;
  return new RpcException(reason.message, { code: RpcCode.Unavailable, cause: reason });
}
