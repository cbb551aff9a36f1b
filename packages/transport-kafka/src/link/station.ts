import { type Hub, type Receiver, RpcCode, RpcException } from '@parley/core/transport';
import { type KafkaDriver, openKafkaJs, type ProducerOptions } from '../driver/index.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import { Post } from '../post/post.ts';
import { Topics } from '../topics/topics.ts';
import type { InboxAddress } from '../wire/inbox-address.ts';
import { Inbox } from './inbox.ts';
import { KafkaLink, type Posts } from './kafka-link.ts';

/**
 * For how long what surely was not written is tried again, in milliseconds. Requests have a deadline and a caller that can try
 * again itself; nobody but us can try an answer again.
 */
const patience = { requests: 2000, events: 5000, answers: 10_000, letters: 10_000 };
/** Of that, in one go: what else is in the same request waits for it. */
const atOnce = 500;

/** What both sides have: the driver, the ways out, and the inbox. */
export class Station {
  readonly driver: KafkaDriver;
  readonly topics: Topics;
  readonly posts: Posts & { readonly letters: Post };
  readonly #options: ResolvedKafkaOptions;
  readonly #hub: Hub;
  #inbox: Inbox | undefined;
  #link: KafkaLink | undefined;
  #receiver: Receiver | undefined;
  #isClosed = false;

  constructor(options: ResolvedKafkaOptions, hub: Hub) {
    const { connection, clientId } = options;
    this.#options = options;
    this.#hub = hub;
    this.driver = openKafkaJs({ ...connection, clientId, warn: (what, detail) => this.warn(what, detail) });
    this.topics = new Topics(this.driver.admin, options);
    this.posts = this.#openPosts();
  }

  get receiver(): Receiver {
    if (this.#receiver === undefined) throw closed();
    return this.#receiver;
  }

  get link(): KafkaLink {
    if (this.#link === undefined) throw closed();
    return this.#link;
  }

  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  /** Where this instance is reached. */
  get inboxAddress(): InboxAddress {
    if (this.#inbox === undefined) throw closed();
    return this.#inbox.address;
  }

  /** One attempt. Resolves with the link attached; what rejects with 503 may be tried again. */
  async open(): Promise<void> {
    await this.driver.connect();
    const topic = this.#options.repliesTopic;
    await this.topics.ensure('replies', [topic]);
    const inbox = new Inbox(this.driver, topic, {
      lost: (reason) => this.#link?.lost(reason),
      restored: (partition) => this.#link?.restored(partition),
      missing: () => this.remake('replies', [topic]),
      warn: (what, detail) => this.warn(what, detail),
      maxBody: this.#options.maxBody,
    });
    const address = await inbox.start().catch(async (reason: unknown) => {
      await inbox.close(0);
      throw this.#openError(reason, topic);
    });
    if (this.#isClosed) throw closed();
    this.#inbox = inbox;
    this.#link = new KafkaLink(
      { names: this.#options.names, maxBody: this.#options.maxBody, posts: this.posts },
      address,
    );
    this.#receiver = this.#hub.attach(this.#link);
    this.#link.attached(this.#receiver);
    inbox.attached(this.#receiver);
  }

  /** Topics that somebody deleted while they were in use. */
  remake(kind: 'replies' | 'control' | 'events' | 'requests', topics: readonly string[]): void {
    if (this.#isClosed) return;
    for (const topic of topics) this.topics.forget(topic);
    this.topics.ensure(kind, topics).catch((reason: unknown) => {
      this.warn(`the topics ${topics.join(', ')} are gone and could not be made again`, reason);
    });
  }

  warn(what: string, detail?: unknown): void {
    if (!this.#isClosed) this.#hub.warn(`kafka: ${what}`, detail);
  }

  /** Sends what waits, and disconnects, within `timeout` ms. */
  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const left = () => Math.max(0, deadline - performance.now());
    this.#isClosed = true;
    const { requests, answers, events, letters } = this.posts;
    await Promise.all([requests, answers, events, letters].map((post) => post.close(timeout)));
    await this.#inbox?.close(left());
    await this.driver.close(left());
  }

  #openPosts(): Posts & { readonly letters: Post } {
    const { acks, idempotent, compression, maxQueued } = this.#options;
    const { driver, topics } = this;
    const post = (options: ProducerOptions, patient: number) =>
      new Post({
        // Only within one send do the brokers know a double.
        producer: driver.producer({ ...options, patience: options.idempotent === true ? patient : atOnce }),
        topics,
        maxQueued,
        patience: patient,
        repeats: options.repeat,
      });
    return {
      // A leader that steps down takes with it what it alone had acknowledged: 34 to 88 of 7000 calls were lost so in a rolling
      // restart of three brokers. On one broker it costs nothing (measured).
      requests: post({ acks: -1 }, patience.requests),
      // Core drops doubles by their number.
      answers: post({ acks: -1, repeat: true }, patience.answers),
      events: post({ acks, idempotent, compression }, patience.events),
      letters: post({ acks: -1, repeat: true }, patience.letters),
    };
  }

  /** It was there a moment ago. */
  #openError(reason: unknown, topic: string): RpcException {
    const error = RpcException.from(reason);
    if (error.code !== RpcCode.NotFound) return error;
    this.topics.forget(topic);
    return new RpcException(error.message, { code: RpcCode.Unavailable, cause: error });
  }
}

function closed(): RpcException {
  return new RpcException('The Kafka transport was closed', { code: RpcCode.Unavailable });
}
