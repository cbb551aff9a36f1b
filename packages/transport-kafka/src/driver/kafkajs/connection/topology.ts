import type { Cluster } from 'kafkajs';

export interface KnownPartition {
  /** Broker id; -1 while there is no leader. */
  readonly leader: number;
}

/** Partitions by number. An unknown topic has none. */
export type KnownPartitions = readonly KnownPartition[];

/** Where topics are: kafkajs's metadata as a table, one lookup per topic. */
export class Topology {
  readonly #cluster: Cluster;
  readonly #topics = new Map<string, KnownPartitions>();
  #wanted = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #refreshedAt = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** `undefined` when it has to be asked for. */
  find(topic: string): KnownPartitions | undefined {
    return this.#topics.get(topic);
  }

  /** Milliseconds since the brokers were asked. */
  get age(): number {
    return performance.now() - this.#refreshedAt;
  }

  /** Asks for `topics`, and anew for all that were asked for before. Calls while one is under way share the next. */
  refresh(topics: Iterable<string>): Promise<void> {
    for (const topic of topics) this.#wanted.add(topic);
    this.#next ??= this.#follow();
    return this.#next;
  }

  async #follow(): Promise<void> {
    await this.#running.catch(() => undefined);
    const topics = [...new Set([...this.#topics.keys(), ...this.#wanted])];
    this.#wanted = new Set();
    this.#next = undefined;
    this.#running = this.#load(topics);
    return this.#running;
  }

  async #load(topics: readonly string[]): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addMultipleTargetTopics([...topics]);
    await this.#cluster.refreshMetadata();
    this.#refreshedAt = performance.now();
    for (const topic of topics) this.#topics.set(topic, this.#read(topic));
  }

  #read(topic: string): KnownPartitions {
    const partitions: KnownPartition[] = [];
    for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(topic))
      partitions[partitionId] = { leader };
    return Array.from(partitions, (partition) => partition ?? { leader: -1 });
  }
}
