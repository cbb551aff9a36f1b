import { RpcCode, RpcException } from '@parley/core/transport';
import type { DriverProducer, SendFailures, TopicMessages } from '../driver/driver.ts';
import type { TopicKind } from '../topics/topic-settings.ts';
import type { Topics } from '../topics/topics.ts';
import type { Outgoing } from './outgoing.ts';
import { TopicQueue } from './topic-queue.ts';

/** Of one Produce request: brokers take 100 MiB, and what is in one waits for all of it. */
const requestBytes = 8 * 1_048_576;
/** More than this waiting is "full": who can wait, should. */
const fullBytes = 1_048_576;

/** Milliseconds. */
const betweenTries = 100;

/** Milliseconds after which a send is slow: a leader is away, or a topic is gone. */
const slowAfter = 100;

interface Batch extends TopicMessages {
  readonly messages: readonly Outgoing[];
  readonly queue: TopicQueue;
}

export interface PostOptions {
  readonly producer: DriverProducer;
  readonly topics: Topics;
  /** Bytes left at the end of a tick above which {@link Post.isOverloaded}. */
  readonly maxQueued: number;
  /** Milliseconds for which what surely was not written is tried again: a leader moves, a broker restarts. */
  readonly patience: number;
  /** What perhaps was written, too: its receiver drops doubles, or has to bear them. Default false. */
  readonly repeats?: boolean | undefined;
}

/**
 * The way out through one producer. What is sent in one tick leaves in one request; while that is under way the next one
 * collects (one Produce under way beats four at 256 callers, measured). Of one topic never two are under way, which keeps
 * the order.
 */
export class Post {
  readonly #producer: DriverProducer;
  readonly #topics: Topics;
  readonly #maxQueued: number;
  readonly #patience: number;
  readonly #repeats: boolean;
  readonly #queues = new Map<string, TopicQueue>();
  readonly #endOfTick = (): void => this.#tick();
  #bytes = 0;
  #backlog = 0;
  #isScheduled = false;
  #sending = 0;
  /** The latest send takes long: the topics that are not in it do not wait for it. */
  #isSlow = false;
  #free: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  #isClosed = false;

  constructor({ producer, topics, maxQueued, patience, repeats = false }: PostOptions) {
    this.#producer = producer;
    this.#topics = topics;
    this.#maxQueued = maxQueued;
    this.#patience = patience;
    this.#repeats = repeats;
  }

  /** So much is left of earlier ticks that nothing new should be begun. */
  get isOverloaded(): boolean {
    return this.#backlog > this.#maxQueued;
  }

  queue(topic: string, kind: TopicKind): TopicQueue {
    let queue = this.#queues.get(topic);
    if (queue === undefined) this.#queues.set(topic, (queue = new TopicQueue(topic, kind)));
    return queue;
  }

  /** Takes it, to leave at the end of the tick. A promise: the way out is full, and it resolves when it is not. */
  add(queue: TopicQueue, message: Outgoing): Promise<void> | undefined {
    if (this.#isClosed) {
      message.settled?.(closed());
      return undefined;
    }
    queue.push(message);
    this.#bytes += message.size;
    if (!queue.isReady && !queue.isBeingMade) void this.#make(queue);
    this.#schedule();
    if (this.#bytes <= fullBytes) return undefined;
    this.#free ??= Promise.withResolvers();
    return this.#free.promise;
  }

  /** Waits until everything is out, at most `timeout` ms. */
  async close(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    if (this.#bytes > 0) {
      this.#idle ??= Promise.withResolvers();
      const timer = setTimeout(() => this.#idle?.resolve(), timeout);
      await this.#idle.promise;
      clearTimeout(timer);
    }
    this.#isClosed = true;
    for (const queue of this.#queues.values()) this.#settle(queue.takeAll(), closed());
    await this.#producer.close(Math.max(0, deadline - performance.now()));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#endOfTick);
  }

  #tick(): void {
    this.#isScheduled = false;
    this.#backlog = this.#bytes;
    this.#flush();
  }

  #flush(): void {
    if (this.#sending > 0 && !this.#isSlow) return;
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#sending += 1;
    this.#isSlow = false;
    const timer = setTimeout(() => {
      this.#isSlow = true;
      this.#flush();
    }, slowAfter);
    void this.#producer.send(batch).then((failures) => {
      clearTimeout(timer);
      this.#sending -= 1;
      for (const { queue } of batch) queue.isBusy = false;
      for (const { queue, messages } of batch) this.#sent(queue, messages, failures);
      this.#flush();
    });
  }

  #takeBatch(): Batch[] {
    const batch: Batch[] = [];
    let left = requestBytes;
    for (const queue of this.#queues.values()) {
      if (!queue.isReady || queue.isBusy || queue.isEmpty) continue;
      const messages = queue.take(left);
      queue.isBusy = true;
      batch.push({ topic: queue.topic, messages, queue });
      for (const { size } of messages) left -= size;
      // In the order of the map, which a queue that was cut short leaves for its end.
      if (left <= 0) {
        this.#queues.delete(queue.topic);
        this.#queues.set(queue.topic, queue);
        break;
      }
    }
    return batch;
  }

  #sent(queue: TopicQueue, messages: readonly Outgoing[], failures: SendFailures | undefined): void {
    if (failures === undefined) {
      this.#settle(messages, undefined);
      return;
    }
    const gone: Outgoing[] = [];
    const failed: Outgoing[] = [];
    const now = performance.now();
    for (const message of messages) {
      const reason = failures.get(message);
      if (reason?.code === RpcCode.NotFound && !message.wasResent && !this.#isClosed) gone.push(message);
      else if (reason !== undefined && this.#mayHelp(reason) && now - message.since < this.#patience)
        failed.push(message);
      else this.#settle([message], reason && asSent(reason));
    }
    if (failed.length > 0) this.#tryAgain(queue, failed);
    if (gone.length > 0) this.#resend(queue, gone);
  }

  #mayHelp({ code }: RpcException): boolean {
    if (this.#isClosed) return false;
    return code === RpcCode.Unavailable || (this.#repeats && code === RpcCode.ConnectionLost);
  }

  /** By themselves, so that they hold up no other topic. */
  #tryAgain(queue: TopicQueue, messages: readonly Outgoing[]): void {
    queue.unshift(messages);
    queue.isBusy = true;
    setTimeout(() => {
      queue.isBusy = false;
      this.#flush();
    }, betweenTries);
  }

  /** Their topic was deleted, or has fewer partitions than it had. */
  #resend(queue: TopicQueue, messages: readonly Outgoing[]): void {
    for (const message of messages) message.wasResent = true;
    queue.unshift(messages);
    queue.isReady = false;
    this.#topics.forget(queue.topic);
    if (!queue.isBeingMade) void this.#make(queue);
  }

  async #make(queue: TopicQueue): Promise<void> {
    queue.isBeingMade = true;
    try {
      if (queue.kind === 'requests') queue.spread = await this.#topics.partitions(queue.kind, queue.topic);
      // Its name came over the wire: none is made because somebody says so.
      else if (queue.kind === 'replies') await this.#topics.mustExist(queue.topic);
      else await this.#topics.ensure(queue.kind, [queue.topic]);
      queue.isReady = true;
    } catch (thrown) {
      // The next message tries again.
      this.#settle(queue.takeAll(), RpcException.from(thrown));
      if (queue.kind === 'replies') this.#queues.delete(queue.topic);
    }
    queue.isBeingMade = false;
    this.#schedule();
  }

  #settle(messages: readonly Outgoing[], reason: RpcException | undefined): void {
    for (const message of messages) {
      this.#bytes -= message.size;
      message.settled?.(reason);
    }
    this.#backlog = Math.min(this.#backlog, this.#bytes);
    if (this.#bytes <= fullBytes / 2) {
      this.#free?.resolve();
      this.#free = undefined;
    }
    if (this.#bytes === 0) this.#idle?.resolve();
  }
}

/** That a topic is gone, which was made a moment ago, is no fault of who sends to it. */
function asSent(reason: RpcException): RpcException {
  if (reason.code !== RpcCode.NotFound) return reason;
  return new RpcException(reason.message, { code: RpcCode.Unavailable, cause: reason });
}

function closed(): RpcException {
  return new RpcException('The Kafka client was closed before this was sent', { code: RpcCode.Unavailable });
}
