import type { TopicPartition, TopicPartitionOffset } from '../driver/index.ts';
import type { KafkaDelivery } from './kafka-delivery.ts';
import { PartitionOffsets } from './partition-offsets.ts';

/** What is done, and what to do when it is committed. */
export interface Progress {
  readonly offsets: readonly TopicPartitionOffset[];
  committed(): void;
}

/** What this instance has of its group's partitions, those it had before included. No I/O, no timers. */
export class GroupOffsets {
  readonly #all = new Map<string, PartitionOffsets<KafkaDelivery>>();
  #assigned: readonly TopicPartition[] = [];
  #names: ReadonlySet<string> = new Set();

  /** The partitions that are ours. */
  get partitions(): readonly TopicPartition[] {
    return this.#assigned;
  }

  /** These are ours; what is before their offsets, this or another instance has done. Follow with {@link forgetOthers}. */
  assigned(partitions: readonly TopicPartitionOffset[]): void {
    this.#assigned = partitions;
    this.#names = new Set(partitions.map(nameOf));
    for (const partition of partitions) this.of(partition).assigned(Number(partition.offset));
  }

  /** Those that are not ours: what is not done there comes again, should they be ours once more. */
  forgetOthers(): void {
    for (const [name, offsets] of this.#all) if (!this.#names.has(name)) offsets.unassigned();
  }

  /** None is ours until the next `assigned`. */
  revoked(): void {
    this.#assigned = [];
    this.#names = new Set();
  }

  of(partition: TopicPartition): PartitionOffsets<KafkaDelivery> {
    const name = nameOf(partition);
    let offsets = this.#all.get(name);
    if (offsets === undefined) this.#all.set(name, (offsets = new PartitionOffsets()));
    return offsets;
  }

  /** Whether it is ours to handle and to settle. */
  holds(delivery: KafkaDelivery): boolean {
    return this.#names.has(nameOf(delivery)) && this.of(delivery).holds(delivery);
  }

  /** Whether core has some that are not done. */
  get isBusy(): boolean {
    for (const offsets of this.#all.values()) if (offsets.isBusy) return true;
    return false;
  }

  /** Gives back what core does not have, and returns it. */
  dropWaiting(): readonly KafkaDelivery[] {
    return [...this.#all.values()].flatMap((offsets) => offsets.dropWaiting());
  }

  /** What is done and not committed; `undefined` when there is nothing. */
  toCommit(): Progress | undefined {
    const offsets: TopicPartitionOffset[] = [];
    const committed: (() => void)[] = [];
    for (const { topic, partition } of this.#assigned) {
      const progress = this.of({ topic, partition });
      const offset = progress.toCommit();
      if (offset === undefined) continue;
      offsets.push({ topic, partition, offset: String(offset) });
      committed.push(() => progress.committed(offset));
    }
    if (offsets.length === 0) return undefined;
    return {
      offsets,
      committed: () => {
        for (const settle of committed) settle();
      },
    };
  }
}

/** `/` is in the name of no topic. */
function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
