import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import type { DriverAdmin, FetchedRecords, TopicPartitionOffset, TopicSpec } from '../../driver.ts';
import { backoffDelay, Pause, settled } from '../backoff.ts';
import type { InnerBroker } from '../connection/internals.ts';
import type { KafkaJsOptions } from '../connection/kafkajs-options.ts';
import { type OpenCluster, openCluster } from '../connection/open-cluster.ts';
import { Topology } from '../connection/topology.ts';
import { connectError, driverError, kindOf } from '../errors.ts';
import { fetchFrom } from '../fetch/fetch-from.ts';
import { findCoordinator } from '../group/find-coordinator.ts';
import { TopicMaker } from './topic-maker.ts';

/** What our idea of the cluster being old makes fail: a closed connection, another controller, a leader that has just been made. */
const staleKinds = new Set([
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'NOT_CONTROLLER',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
]);
/** Milliseconds that a broker may take for a change of topics. */
const changeTimeout = 5000;
/** Milliseconds that a broker may take to find records that are there. */
const recordsWait = 500;

/** https://kafka.apache.org/protocol.html#protocol_error_codes */
const topicAuthorizationFailed = 29;

/** kafkajs's form of it, with the error that it would throw otherwise. */
interface TopicMetadata {
  readonly topic: string;
  readonly topicErrorCode?: number;
  readonly partitionMetadata: readonly unknown[];
}

export class KafkaJsAdmin implements DriverAdmin {
  readonly #cluster: OpenCluster;
  readonly #topology: Topology;
  readonly #maker: TopicMaker;
  readonly #pause = new Pause();
  readonly #brokers: readonly string[];
  #closed = false;

  constructor(options: KafkaJsOptions) {
    this.#brokers = options.brokers;
    this.#cluster = openCluster(options);
    this.#topology = new Topology(this.#cluster.cluster);
    this.#maker = new TopicMaker({
      topology: this.#topology,
      create: (topics) =>
        this.#ask('Cannot create topics', async () => {
          const controller = await this.#controller();
          await controller.createTopics({ topics, timeout: changeTimeout });
        }),
      list: () => this.listTopics(),
      hidden: (topics) => this.#hidden(topics),
      lead: (topics) => this.#lead(topics),
      backOff: (attempt) => this.#pause.wait(backoffDelay(attempt)),
    });
  }

  connect(): Promise<void> {
    return this.#again(
      () => this.#cluster.cluster.connect(),
      (error) => connectError(error, this.#brokers),
    );
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.#closed ? Promise.reject(closedError()) : this.#maker.ensure(specs);
  }

  forget(topic: string): void {
    this.#maker.forget(topic);
  }

  listTopics(): Promise<readonly string[]> {
    return this.#ask('Cannot list topics', async () => {
      const broker = await this.#controller();
      const { topicMetadata } = await broker.metadata([]);
      return topicMetadata.filter((topic) => !(topic as { isInternal?: boolean }).isInternal).map(({ topic }) => topic);
    });
  }

  partitionsOf(topic: string): Promise<number | undefined> {
    return this.#ask(`Cannot look at the topic "${topic}"`, async () => {
      // Nothing is remembered of it: the names that are asked for may come over the wire, one after the other.
      const [found] = await this.#metadata([topic]);
      if (found?.topicErrorCode === topicAuthorizationFailed) throw forbiddenError(topic);
      const count = found?.partitionMetadata.length ?? 0;
      return count === 0 ? undefined : count;
    });
  }

  addPartitions(topic: string, total: number): Promise<void> {
    return this.#ask(`Cannot add partitions to the topic "${topic}"`, async () => {
      const controller = await this.#controller();
      await controller.createPartitions({ topicPartitions: [{ topic, count: total }], timeout: changeTimeout });
      this.#maker.forget(topic);
    });
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#maker.forget(topic);
    return this.#ask('Cannot delete topics', async () => {
      const controller = await this.#controller();
      await controller.deleteTopics({ topics, timeout: changeTimeout });
    });
  }

  endOffsets(topic: string): Promise<readonly TopicPartitionOffset[]> {
    return this.#offsets(topic, false);
  }

  firstOffsets(topic: string): Promise<readonly TopicPartitionOffset[]> {
    return this.#offsets(topic, true);
  }

  recordsFrom({ topic, partition, offset }: TopicPartitionOffset): Promise<FetchedRecords> {
    return this.#ask(`Cannot read the topic "${topic}"`, async () => {
      await this.#topology.refresh([topic]);
      const leader = this.#topology.find(topic)?.[partition]?.leader ?? -1;
      const broker = await this.#cluster.cluster.findBroker({ nodeId: String(leader) });
      return fetchFrom(broker, { topic, partition }, Number(offset), recordsWait);
    });
  }

  committedOffsets(groupId: string, topic: string): Promise<readonly TopicPartitionOffset[]> {
    return this.#ask(`Cannot look at the offsets of the group "${groupId}"`, async () => {
      const partitions = await this.#partitions(topic);
      const { cluster } = this.#cluster;
      const coordinator = await findCoordinator(cluster, () => cluster.findGroupCoordinator({ groupId }), groupId);
      const { responses } = await coordinator.offsetFetch({
        groupId,
        topics: [{ topic, partitions: partitions as TopicPartitionOffset[] }],
      });
      const found = responses[0]?.partitions ?? [];
      return found
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset }) => ({ topic, partition, offset }));
    });
  }

  async close(timeout: number): Promise<void> {
    this.#closed = true;
    this.#pause.end();
    await settled(this.#cluster.cluster.disconnect(), timeout);
    this.#cluster.sockets.close();
  }

  /** Of these only, and nothing is remembered. */
  async #metadata(topics: string[]): Promise<readonly TopicMetadata[]> {
    const broker = await this.#controller();
    const { topicMetadata } = await broker.metadata(topics);
    return topicMetadata;
  }

  async #hidden(topics: readonly string[]): Promise<ReadonlyMap<string, RpcException>> {
    const found = await this.#ask('Cannot look at topics', () => this.#metadata([...topics]));
    const hidden = found.filter(({ topicErrorCode }) => topicErrorCode === topicAuthorizationFailed);
    return new Map(hidden.map(({ topic }) => [topic, forbiddenError(topic)]));
  }

  async #lead(topics: readonly string[]): Promise<boolean> {
    const asked = topics.map((topic) => ({
      topic,
      partitions: (this.#topology.find(topic) ?? []).map((_, partition) => ({ partition })),
      fromBeginning: false,
    }));
    const answer = await Promise.allSettled([this.#cluster.cluster.fetchTopicsOffset(asked)]);
    return answer[0].status === 'fulfilled';
  }

  #offsets(topic: string, fromBeginning: boolean): Promise<readonly TopicPartitionOffset[]> {
    return this.#ask(`Cannot look at the offsets of the topic "${topic}"`, async () => {
      const partitions = await this.#partitions(topic);
      const [found] = await this.#cluster.cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
      return (found?.partitions ?? []).map(({ partition, offset }) => ({ topic, partition, offset }));
    });
  }

  async #partitions(topic: string): Promise<{ partition: number }[]> {
    await this.#topology.refresh([topic]);
    const known = this.#topology.find(topic) ?? [];
    if (known.length === 0) throw new RpcException(`There is no topic "${topic}"`, { code: RpcCode.NotFound });
    return known.map((_, partition) => ({ partition }));
  }

  /** Any broker passes changes of topics on to the controller, in KRaft. */
  async #controller(): Promise<InnerBroker> {
    const { cluster } = this.#cluster;
    await cluster.connect();
    await cluster.refreshMetadataIfNecessary();
    return (await cluster.findControllerBroker()) as InnerBroker;
  }

  #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    return this.#again(ask, (error) => passOn(what, error));
  }

  /** Up to about a second, for what a look at the cluster can mend. */
  async #again<T>(ask: () => Promise<T>, errorOf: (error: unknown) => Error): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw closedError();
      try {
        return await ask();
      } catch (error) {
        // What kafkajs throws under whoever closes it says nothing: TypeErrors, among others.
        if (this.#closed) throw closedError();
        const kind = kindOf(error);
        const stale = staleKinds.has(kind);
        if (kind === 'KafkaJSRequestTimeoutError') this.#cluster.sockets.cut(messageOf(error));
        if (!stale || attempt >= 6) throw errorOf(error);
        await this.#pause.wait(backoffDelay(attempt));
        await this.#cluster.cluster.refreshMetadata().catch(() => undefined);
      }
    }
  }
}

/** What went wrong for single topics is for the one who asked. */
function passOn(what: string, error: unknown): Error {
  return kindOf(error) === 'KafkaJSAggregateError' ? (error as Error) : driverError(what, error);
}

function forbiddenError(topic: string): RpcException {
  const message = `Not authorised to look at the topic "${topic}": it needs the right to describe it`;
  return new RpcException(message, { code: RpcCode.Forbidden });
}

function closedError(): RpcException {
  return new RpcException('The driver is closed', { code: RpcCode.Unavailable });
}
