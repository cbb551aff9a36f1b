import {
  type Answer,
  type Envelope,
  type Event,
  type Hub,
  type Request,
  type Routes,
  RpcCode,
  RpcException,
} from '@parley/core/transport';
import type { Connection, ConnectionOwner } from '../connect/connection.ts';
import { isClusterPlace } from '../connect/redis-maker.ts';
import type { Subscriptions } from '../connect/subscriber.ts';
import { RedisLink, type Side } from '../link/redis-link.ts';
import { isReplyError } from '../redis-error.ts';
import type { ResolvedRedisOptions } from '../redis-options.ts';
import type { Membership } from './group/membership.ts';
import { Intake } from './intake.ts';
import type { Reading } from './read/slot-readers.ts';
import { checkRedis } from './redis/check-redis.ts';
import type { Commands } from './redis/script.ts';
import { StreamsSender } from './streams-sender.ts';

/** Milliseconds that a read waits in Redis for something to come. */
const patience = 2000;
/** In a cluster nobody can end a read from outside: that is how long a pause may take. */
const clusterPatience = 500;

/** `mode: 'streams'`: Redis keeps requests and events in streams; answers and controls go by inboxes. */
export class StreamsLink extends RedisLink {
  readonly #sender: StreamsSender;
  /** `undefined` for a client that serves nothing. */
  readonly #intake: Intake | undefined;
  #isChecked = false;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedRedisOptions, hub: Hub, side: Side) {
    super(options, hub, side);
    const { names, instance } = this;
    const { maxQueued, streams } = options;
    this.#sender = new StreamsSender({ names, instance, options: streams, maxQueued, redis: () => this.#redis });
    if (servesAny(hub.routes)) this.#intake = this.#createIntake(hub.routes);
  }

  override send(envelope: Envelope): Promise<void> | undefined {
    const intake = this.#intake;
    if (intake === undefined || !isAnswer(envelope) || !intake.isInDoubt) return super.send(envelope);
    return intake.sendWhenSure(envelope.id, () => void super.send(envelope));
  }

  async pause(): Promise<void> {
    await this.#intake?.pause();
  }

  override close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  protected override subscriptions(): Subscriptions {
    return { channels: [], globs: [] };
  }

  protected override async prepare(): Promise<void> {
    await this.#check();
    this.#sender.prepare();
    await this.#intake?.prepare();
  }

  protected override began(): void {
    this.#intake?.begin();
  }

  /** Reading has connections of its own, and what was read may be handled: its answers wait for the end of the outage. */
  protected override ceased(): void {}

  protected override request(envelope: Request): Promise<void> {
    return this.#sender.request(envelope);
  }

  protected override event(envelope: Event): Promise<void> {
    return this.#sender.event(envelope);
  }

  /** Nothing is published on channels but what the inbox and the control channels get. */
  protected override arrivalOn(): undefined {}

  /** Once: what Redis it is. */
  async #check(): Promise<void> {
    if (this.#isChecked) return;
    const warning = await checkRedis(this.#redis);
    this.#isChecked = true;
    if (warning !== undefined) this.hub.warn(warning);
  }

  get #redis(): Commands {
    return this.connections.commands;
  }

  #createIntake(routes: Routes): Intake {
    const { options, hub } = this;
    const { group } = options;
    if (group === undefined) {
      const message = 'redis: the option "group" is required to serve: give all instances of a service the same one';
      throw new RpcException(message, { code: RpcCode.BadRequest });
    }
    const commands = () => this.#redis;
    const isCluster = isClusterPlace(options.place);
    const member: Membership = {
      group,
      consumer: this.instance,
      names: this.names,
      options: options.streams,
      maxBody: options.maxBody,
      isCluster,
      flushAnswers: () => this.connections.posts.flush(),
      get redis() {
        return commands();
      },
      warn: (what, detail) => hub.warn(what, detail),
      refused: (what, error) => {
        if (isReplyError(error)) hub.warn(`redis: ${what}; trying again`, error);
      },
    };
    const { heartbeat } = options;
    const longest = isCluster ? clusterPatience : patience;
    const reading: Reading = {
      open: (key, owner) => this.#openReader(key, owner),
      heartbeat,
      isCluster,
      // Together with Redis's silence: half a connection is noticed within the heartbeat's time.
      patience: heartbeat > 0 ? Math.min(longest, Math.ceil(heartbeat / 2)) : longest,
      unblock: isCluster ? undefined : (clientId) => this.#redis.client('UNBLOCK', clientId),
    };
    return new Intake({
      member,
      routes,
      reading,
      receiver: () => this.receiver,
      refuse: (id, reason) => this.refuse(id, reason),
    });
  }

  /** While Redis is away, the other connections tell. */
  #openReader(key: string, owner: ConnectionOwner): Connection {
    const failed = (reason: RpcException) => {
      owner.failed(reason);
      if (this.isUp) this.hub.warn('redis: the connection that reads streams cannot be made; trying again', reason);
    };
    return this.connections.reader(key, { ...owner, failed });
  }

  async #close(timeout: number): Promise<void> {
    const begun = performance.now();
    // Half of it, so that answers can still leave.
    await this.#intake?.close(timeout / 2);
    this.#sender.flush();
    await super.close(Math.max(0, timeout - (performance.now() - begun)));
  }
}

function isAnswer(envelope: Envelope): envelope is Answer {
  const { kind } = envelope;
  return kind === 'reply' || kind === 'error' || kind === 'complete' || kind === 'defer';
}

function servesAny({ messages, events, wildcards, broadcast }: Routes): boolean {
  return messages.length + events.length + wildcards.length + broadcast.events.length + broadcast.wildcards.length > 0;
}
