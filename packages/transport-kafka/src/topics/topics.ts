import { RpcCode, RpcException } from '@parley/core/transport';
import type { DriverAdmin } from '../driver/driver.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import { type TopicKind, topicSpec } from './topic-settings.ts';

/** Sees to it that topics are there before they are used. */
export class Topics {
  readonly #admin: DriverAdmin;
  readonly #options: ResolvedKafkaOptions;

  constructor(admin: DriverAdmin, options: ResolvedKafkaOptions) {
    this.#admin = admin;
    this.#options = options;
  }

  /**
   * Resolves when they exist.
   *
   * @throws RpcException 400 for a topic that is missing and may not be made here, or cannot be made; 403; 503.
   */
  async ensure(kind: TopicKind, topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    if (this.#options.createTopics) {
      await this.#admin.ensureTopics(topics.map((topic) => topicSpec(topic, kind, this.#options)));
      return;
    }
    await Promise.all(topics.map((topic) => this.mustExist(topic)));
  }

  /** Resolves with the number of partitions when it exists. @throws as {@link ensure}. */
  async partitions(kind: TopicKind, topic: string): Promise<number> {
    await this.ensure(kind, [topic]);
    return (await this.#admin.partitionsOf(topic)) ?? 1;
  }

  /** It turned out not to exist. */
  forget(topic: string): void {
    this.#admin.forget(topic);
  }

  /** @throws RpcException 400 when it does not exist. */
  async mustExist(topic: string): Promise<void> {
    if ((await this.#admin.partitionsOf(topic)) !== undefined) return;
    throw new RpcException(
      `The Kafka topic "${topic}" does not exist, and is not made here${this.#options.createTopics ? '' : ' (option "createTopics")'}: create it, or have it created`,
      { code: RpcCode.BadRequest },
    );
  }
}
