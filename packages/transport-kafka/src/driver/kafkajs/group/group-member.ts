import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Broker, type Cluster, type Consumer, type EachBatchPayload, Kafka } from 'kafkajs';
import type { GroupOptions } from '../../driver.ts';
import { settled } from '../backoff.ts';
import { kafkaConfig } from '../connection/kafkajs-options.ts';
import { mendCluster } from '../connection/open-cluster.ts';
import { Sockets } from '../connection/sockets.ts';
import type { Shared } from '../shared.ts';
import { assigner } from './assigner.ts';
import { MemberGate, memberIsOver } from './member-gate.ts';
import { type Membership, type MembershipHost, watchMembership } from './membership.ts';

export interface GroupMemberHost extends MembershipHost {
  /** Must not throw. */
  batch(payload: EachBatchPayload): void;
  /** Joined, with positions: what follows is fetched. */
  ready(): void;
}

/** Milliseconds. */
export const defaultSessionTimeout = 6000;
export const defaultRebalanceTimeout = 30_000;
const defaults = { heartbeatInterval: 500, maxWaitTime: 200 };
/** How soon new partitions, and topics that were missing, are noticed. */
const metadataMaxAge = 1000;

/** One kafkajs consumer, from its first connection to its end. What ends it, but for `end`, is what `ended` resolves with. */
export class GroupMember {
  readonly consumer: Consumer;
  readonly cluster: Cluster;
  /** Never rejects. */
  readonly ended: Promise<unknown>;
  readonly #sockets: Sockets;
  readonly #topics: readonly string[];
  readonly #gate: MemberGate;
  readonly #membership: Membership;
  readonly #ended: (reason: unknown) => void;

  constructor(shared: Shared, options: GroupOptions, topics: readonly string[], host: GroupMemberHost) {
    const ended = Promise.withResolvers<unknown>();
    this.ended = ended.promise;
    this.#ended = ended.resolve;
    this.#topics = topics;
    this.#gate = new MemberGate(host);
    this.#sockets = new Sockets(shared.options.kafkajs?.socketFactory);
    const sessionTimeout = options.sessionTimeout ?? defaultSessionTimeout;
    // A request that takes longer than a session is of no use: the next broker or connection may be better.
    const kafkajs = { requestTimeout: sessionTimeout, ...shared.options.kafkajs };
    // Rebuilt by us, with what we remember; kafkajs would begin again from nothing.
    const retry = { retries: 5, restartOnFailure: () => Promise.resolve(false) };
    let cluster: Cluster | undefined;
    this.consumer = new Kafka(kafkaConfig({ ...shared.options, kafkajs }, this.#sockets, retry)).consumer({
      groupId: options.groupId,
      sessionTimeout,
      rebalanceTimeout: options.rebalanceTimeout ?? defaultRebalanceTimeout,
      heartbeatInterval: options.heartbeatInterval ?? defaults.heartbeatInterval,
      maxWaitTimeInMs: Math.min(options.maxWaitTime ?? defaults.maxWaitTime, 500),
      ...(options.maxBytesPerPartition === undefined ? {} : { maxBytesPerPartition: options.maxBytesPerPartition }),
      readUncommitted: options.readUncommitted ?? false,
      allowAutoTopicCreation: false,
      metadataMaxAge,
      retry,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster;
          return assigner(given);
        },
      ],
    });
    if (cluster === undefined) throw new Error('kafkajs gave no cluster: is it version 2.2.4?');
    this.cluster = cluster;
    mendCluster(cluster, shared.options, this.#sockets);
    this.#membership = watchMembership(cluster, this.#gate);
    this.consumer.on(this.consumer.events.GROUP_JOIN, () => {
      this.#membership.ready();
      this.#gate.ready();
    });
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => this.fail(payload.error));
  }

  /** The coordinator's broker as it is now. */
  findCoordinator(): Promise<Broker> {
    return this.#membership.findCoordinator();
  }

  /** Those that the brokers do not know. */
  missingTopics(): readonly string[] {
    try {
      return this.#topics.filter((topic) => this.cluster.findTopicPartitionMetadata(topic).length === 0);
    } catch {
      // When it is disconnected, as by somebody who has unwrapped it, kafkajs knows nothing of any topic, and throws.
      return [];
    }
  }

  /** It is over, though kafkajs may not know yet: `end` it. */
  fail(reason: unknown): void {
    this.#gate.shut();
    this.#ended(reason);
  }

  /** Joins; what goes wrong is told by `ended`. */
  async run(): Promise<void> {
    try {
      await this.consumer.connect();
      // Offsets out of range (records deleted, topic made anew) begin at the beginning; where the group begins, `firstPositions` says.
      await this.consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
      await this.consumer.run({
        autoCommit: false,
        // Awaits no handler, so none holds up a fetch or a heartbeat, and none throws into kafkajs. But answers that are given at
        // once leave before the next fetch: each of the two is a system call of some 50 microseconds, and only for one somebody waits.
        eachBatch: (payload) => {
          this.#gate.batch(payload);
          return nextTurn();
        },
      });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Without leaving the group. */
  async end(timeout: number): Promise<void> {
    this.#gate.shut();
    this.#endFetches();
    await settled(this.consumer.disconnect(), timeout);
    this.#sockets.close();
    this.#ended(undefined);
  }

  /**
   * kafkajs stops the fetchers that it has. If the brokers have just changed, it makes new ones a moment later, and those find
   * nothing to do, again and again, without ever waiting: the process would do nothing else for ever. Before each fetch, and before
   * it makes fetchers, it asks which brokers there are.
   */
  #endFetches(): void {
    this.cluster.getNodeIds = () => {
      throw memberIsOver();
    };
  }
}
