import {
  type Answer,
  type Control,
  type Envelope,
  type Event,
  errorToWire,
  type Hub,
  type Link,
  parseReturnAddress,
  type Receiver,
  type Request,
  RpcCode,
  RpcException,
  readEnvelope,
  writeHead,
} from '@parley/core/transport';
import { type Connections, createConnections } from '../connect/connections.ts';
import { isUnsent } from '../connect/publisher.ts';
import type { Subscriptions } from '../connect/subscriber.ts';
import type { Names, ReadChannel } from '../names.ts';
import { RedisContext } from '../redis-context.ts';
import { connectError, isReplyError, refusedError } from '../redis-error.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import { packMessage, unpackMessage } from '../wire/message.ts';
import { instanceName } from './instance-name.ts';
import { Outbox, type Post } from './outbox.ts';

/** Whose link it is: a server gives up when Redis is not there, a client tries for ever. */
export type Side = 'server' | 'client';

type State =
  /** Not attached yet: what comes waits until it is. */
  | { readonly is: 'opening'; readonly early: (() => void)[] }
  | { readonly is: 'up' }
  | { readonly is: 'down'; readonly end: PromiseWithResolvers<void> }
  | { readonly is: 'gone' };

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
  readonly #outbox: Outbox;
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
    this.#outbox = new Outbox(options.maxQueued);
    this.#ownChannels = [
      this.names.channel('inbox', this.instance),
      ...hub.routes.messages.map((pattern) => this.names.channel('control', pattern)),
    ];
    this.connections = createConnections(options, {
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
  /** A message that is not for the inbox or a control channel; to be given to {@link deliver}, or dropped. */
  protected abstract heard(channel: string, of: ReadChannel, message: Buffer, glob: string | undefined): void;
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

  /** 503 or the like when a message for `pattern` was surely not sent; `undefined` when it may have been. */
  protected unsent(error: unknown, pattern: string): RpcException | undefined {
    if (isUnsent(error)) return notSent(pattern, 'Redis is not connected', RpcCode.Unavailable);
    return isReplyError(error) ? refusedError(error, `"${pattern}" was not sent`) : undefined;
  }

  /**
   * Reads what came, and gives it to core. What cannot be read is dropped with a warning.
   *
   * @param read gives the envelope; may throw as `readEnvelope` does.
   */
  protected deliver(channel: string, read: () => ReturnType<typeof readEnvelope>): void {
    if (this.#state.is === 'opening') {
      this.#state.early.push(() => this.deliver(channel, read));
      return;
    }
    try {
      const envelope = read();
      if (envelope.kind === 'refused') this.#refuse(channel, envelope.id, envelope.reason);
      else this.#receiver?.receive(envelope);
    } catch (error) {
      this.hub.warn(`redis: dropped a message on "${channel}"`, error);
    }
  }

  /** An answer to a request that core never sees. */
  protected refuse(id: Request['id'], reason: RpcException): void {
    this.#answer({ kind: 'error', id, seq: 0, body: errorToWire(reason) });
  }

  #refuse(channel: string, id: Request['id'] | undefined, reason: RpcException): void {
    if (id === undefined) this.hub.warn(`redis: dropped an event on "${channel}"`, reason);
    else this.refuse(id, reason);
  }

  #ask(envelope: Request | Event): Promise<void> | undefined {
    const { pattern } = envelope;
    if (this.#state.is !== 'up') return Promise.reject(notSent(pattern, 'Redis is not connected', RpcCode.Unavailable));
    const { maxQueued } = this.options;
    if (this.connections.posts.backlog > maxQueued) {
      return Promise.reject(notSent(pattern, `${maxQueued} bytes wait for Redis already`, RpcCode.Overloaded));
    }
    return envelope.kind === 'request' ? this.request(envelope) : this.event(envelope);
  }

  #control(envelope: Control): Promise<void> | undefined {
    const { to, pattern } = envelope;
    // Nobody has answered yet: to all who may hold it, those too that take nothing new any more.
    const channel = to === undefined ? this.names.channel('control', pattern) : this.names.channel('inbox', to);
    return this.#post({ channel, message: writeHead(envelope, this.instance) });
  }

  #answer(envelope: Answer): Promise<void> | undefined {
    const address = parseReturnAddress(envelope.id);
    if (address === undefined) return undefined;
    const head = writeHead(envelope, this.instance);
    const body = 'body' in envelope ? envelope.body : undefined;
    return this.#post({ channel: this.names.channel('inbox', address.inbox), message: packMessage(head, body) });
  }

  /** Whether the listening connection is up does not matter here. */
  #post(post: Post): Promise<void> | undefined {
    if (this.#state.is === 'gone') return undefined;
    const { posts, canPost } = this.connections;
    if (!canPost) return this.#postpone(post);
    posts.publish(post.channel, post.message, (error) => {
      // It may have got there. Twice does no harm: answers are numbered, and a cancel or credit can be repeated.
      if (error != null && !isReplyError(error)) void this.#postpone(post);
      else if (error != null) this.hub.warn(`redis: could not publish on "${post.channel}"`, error);
    });
    return posts.drained();
  }

  #postpone(post: Post): Promise<void> | undefined {
    if (this.#state.is === 'gone') return undefined;
    if (!this.#outbox.put(post) && this.#outbox.dropped === 1) {
      this.hub.warn(`redis: answers are dropped: ${this.options.maxQueued} bytes of them wait for Redis already`);
    }
    return this.#state.is === 'down' ? this.#state.end.promise : undefined;
  }

  #receive(channelBytes: Buffer, message: Buffer, glob: string | undefined): void {
    const channel = channelBytes.toString();
    const of = this.names.read(channel);
    if (of === undefined || this.#state.is === 'gone') return;
    if (of.kind === 'message' || of.kind === 'event') {
      this.heard(channel, of, message, glob);
      return;
    }
    this.deliver(channel, () => {
      const { head, body } = unpackMessage(message);
      return readEnvelope(head, body, { pattern: of.kind === 'control' ? of.of : '' });
    });
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
    for (const post of this.#outbox.take()) void this.#post(post);
    if (former.is === 'opening') {
      this.#receiver = this.hub.attach(this);
      this.#opened.resolve();
      for (const deliver of former.early) deliver();
    } else if (former.is === 'down') {
      this.#receiver?.restored();
      former.end.resolve();
    }
    this.began();
  }

  #down(reason: RpcException): void {
    this.#epoch += 1;
    if (this.#state.is === 'opening') this.#failed(connectError(reason, this.options.place.label));
    if (this.#state.is !== 'up') return;
    this.#state = { is: 'down', end: Promise.withResolvers() };
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
    await this.connections.close(timeout);
    this.#state = { is: 'gone' };
    if (former.is === 'down') former.end.resolve();
  }
}

function notSent(pattern: string, why: string, code: RpcCode): RpcException {
  return new RpcException(`"${pattern}" was not sent: ${why}`, { code });
}

function unavailable(reason: RpcException): RpcException {
  if (reason.code === RpcCode.Unavailable) return reason;
  return new RpcException(reason.message, { code: RpcCode.Unavailable, cause: reason });
}
