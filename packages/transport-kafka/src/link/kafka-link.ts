import {
  type Answer,
  type CallId,
  type Control,
  type Envelope,
  type Event,
  errorToWire,
  type Link,
  parseReturnAddress,
  type Receiver,
  type Request,
  RpcCode,
  RpcException,
} from '@parley/core/transport';
import { KafkaContext } from '../kafka-context.ts';
import type { TopicNames } from '../names/topic-names.ts';
import { Outgoing } from '../post/outgoing.ts';
import { OutgoingRequest } from '../post/outgoing-request.ts';
import type { Post } from '../post/post.ts';
import type { TopicQueue } from '../post/topic-queue.ts';
import type { TopicKind } from '../topics/topic-settings.ts';
import { type InboxAddress, inboxName, parseInboxName } from '../wire/inbox-address.ts';
import { writeRecord } from '../wire/write-record.ts';

/** The ways out: each has a producer of its own, so that none waits for another's outage. */
export interface Posts {
  readonly requests: Post;
  readonly answers: Post;
  readonly events: Post;
}

export interface LinkSetup {
  readonly names: TopicNames;
  readonly maxBody: number;
  readonly posts: Posts;
}

/** Patterns whose topics are remembered: their names cost more than the rest of a send. */
const maxRemembered = 10_000;

/** One instance's way to the brokers. */
export class KafkaLink implements Link {
  readonly shared = false;
  readonly maxBody: number;
  readonly Context = KafkaContext;
  readonly #names: TopicNames;
  readonly #posts: Posts;
  readonly #requests = new Map<string, TopicQueue>();
  readonly #events = new Map<string, TopicQueue>();
  #inbox: InboxAddress;
  #name: string;
  #receiver: Receiver | undefined;
  #outage: RpcException | undefined;

  constructor({ names, maxBody, posts }: LinkSetup, inbox: InboxAddress) {
    this.maxBody = maxBody;
    this.#names = names;
    this.#posts = posts;
    this.#inbox = inbox;
    this.#name = inboxName(inbox);
  }

  /** What core gave for this link. */
  attached(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Answers cannot be heard: nothing new is asked until {@link restored}. */
  lost(reason: RpcException): void {
    this.#outage = reason;
    this.#receiver?.lost(reason);
  }

  restored(partition: number): void {
    this.#outage = undefined;
    this.#inbox = { ...this.#inbox, partition };
    this.#name = inboxName(this.#inbox);
    this.#receiver?.restored();
  }

  send(envelope: Envelope): Promise<void> | undefined {
    try {
      switch (envelope.kind) {
        case 'request':
          return this.#request(envelope);
        case 'event':
          return this.#event(envelope);
        case 'cancel':
        case 'credit':
          return this.#control(envelope);
        default:
          return this.#answer(envelope);
      }
    } catch (thrown) {
      return Promise.reject(RpcException.from(thrown));
    }
  }

  /** A request that cannot be read, which its sender is told. */
  refuse(id: CallId, reason: RpcException): void {
    void this.send({ kind: 'error', id, seq: 0, body: errorToWire(reason) });
  }

  #request(request: Request): undefined {
    const { requests } = this.#posts;
    this.#check(request.pattern, requests);
    const queue = this.#queue(this.#requests, requests, request.pattern, 'requests');
    const { id } = request;
    const outgoing = new OutgoingRequest(request, this.#name, (reason) => {
      if (reason !== undefined) this.#failed(id, reason);
    });
    void requests.add(queue, outgoing);
    return undefined;
  }

  #event(event: Event): Promise<void> {
    const { events } = this.#posts;
    this.#check(event.pattern, events);
    const queue = this.#queue(this.#events, events, event.pattern, 'events');
    return new Promise((resolve, reject) => {
      const settled = (reason: RpcException | undefined): void => {
        if (reason === undefined) resolve();
        else reject(reason);
      };
      void events.add(queue, new Outgoing(writeRecord(event, this.#name), { key: event.key }, settled));
    });
  }

  #answer(answer: Answer): Promise<void> | undefined {
    const address = parseInboxName(parseReturnAddress(answer.id)?.inbox ?? '');
    if (address === undefined) return undefined;
    return this.#toInbox(this.#posts.answers, address, answer);
  }

  #control(control: Control): Promise<void> | undefined {
    const { requests } = this.#posts;
    if (control.to === undefined) {
      const queue = requests.queue(this.#names.control, 'control');
      const place = { partition: 0, key: control.pattern };
      return requests.add(queue, new Outgoing(writeRecord(control, this.#name), place));
    }
    const address = parseInboxName(control.to);
    return address === undefined ? undefined : this.#toInbox(requests, address, control);
  }

  /** The address came over the wire: it may lead to inboxes only, or anyone could have us write anywhere. */
  #toInbox(
    post: Post,
    { topic, partition, token }: InboxAddress,
    envelope: Answer | Control,
  ): Promise<void> | undefined {
    if (!this.#names.isReplies(topic)) return undefined;
    return post.add(
      post.queue(topic, 'replies'),
      new Outgoing(writeRecord(envelope, this.#name), { partition, key: token }),
    );
  }

  /** The brokers did not take it: as if the other side had said so, which costs nothing while all goes well. */
  #failed(id: CallId, reason: RpcException): void {
    this.#receiver?.receive({ kind: 'error', id, body: errorToWire(reason) });
  }

  /** @throws RpcException 503 in an outage, 429 when too much waits. */
  #check(pattern: string, post: Post): void {
    if (this.#outage !== undefined) {
      throw new RpcException(`"${pattern}" was not sent: ${this.#outage.message}`, {
        code: RpcCode.Unavailable,
        cause: this.#outage,
      });
    }
    if (!post.isOverloaded) return;
    throw new RpcException(`"${pattern}" was not sent: too much waits for Kafka already (option "maxQueued")`, {
      code: RpcCode.Overloaded,
    });
  }

  /** @throws RpcException 400 when the name of the topic is too long. */
  #queue(known: Map<string, TopicQueue>, post: Post, pattern: string, kind: TopicKind): TopicQueue {
    let queue = known.get(pattern);
    if (queue === undefined) {
      if (known.size >= maxRemembered) known.clear();
      const topic = kind === 'events' ? this.#names.event(pattern) : this.#names.requests(pattern);
      known.set(pattern, (queue = post.queue(topic, kind)));
    }
    return queue;
  }
}
