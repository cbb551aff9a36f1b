import type { OptionReader } from '@parley/core/transport';
import { isObject, readNested } from './nested-options.ts';

/** How topics are made that do not exist yet. Those that exist stay as they are. */
export interface TopicOptions {
  /**
   * Of each topic for events or requests: as many instances of a group can share it. Default 12, which 2, 3, 4, 6 and 12
   * instances share evenly; answers of hundreds of clients go through as many without being felt (measured).
   */
  readonly partitions?: number | undefined;
  /** Copies of each partition, on as many brokers. Default: the brokers' `default.replication.factor`. */
  readonly replication?: number | undefined;
  /** Milliseconds for which events are kept. Default: the brokers' `log.retention`, 7 days where nobody changed it. -1: for ever. */
  readonly eventRetention?: number | undefined;
  /** Milliseconds for which requests are kept; longer than any is to wait. Default 1 hour. */
  readonly requestRetention?: number | undefined;
  /** Milliseconds for which answers are kept: longer than an outage that they are to survive. Default 10 minutes. */
  readonly replyRetention?: number | undefined;
  /** Milliseconds for which dead letters are kept. Default -1: for ever. */
  readonly deadLetterRetention?: number | undefined;
  /** More settings of topics for events, as Kafka names them: `{ 'cleanup.policy': 'compact' }`. Default: none. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

export interface ResolvedTopicOptions {
  readonly partitions: number;
  readonly replication: number | undefined;
  readonly eventRetention: number | undefined;
  readonly requestRetention: number;
  readonly replyRetention: number;
  readonly deadLetterRetention: number;
  readonly config: Readonly<Record<string, string>>;
}

const names = [
  'partitions',
  'replication',
  'eventRetention',
  'requestRetention',
  'replyRetention',
  'deadLetterRetention',
  'config',
] as const satisfies readonly (keyof TopicOptions)[];

const minute = 60_000;

/** @throws RpcException 400 naming the option that is wrong. */
export function readTopicOptions(
  parent: OptionReader<{ readonly topics?: unknown }>,
  what: string,
  options: TopicOptions | undefined,
): ResolvedTopicOptions {
  const read = readNested(parent as OptionReader<Record<'topics', unknown>>, what, 'topics', options, names);
  const { config = {}, replication, eventRetention } = options ?? {};
  if (!isObject(config) || Object.values(config).some((value) => typeof value !== 'string')) {
    throw read.error('topics.config', "must be an object of Kafka's names and texts: { 'cleanup.policy': 'compact' }");
  }
  if (eventRetention !== undefined && config['retention.ms'] !== undefined) {
    throw read.error('topics.eventRetention', 'contradicts "retention.ms" in "topics.config": give one of them');
  }
  return {
    partitions: read.integer('topics.partitions', { default: 12, min: 1, max: 10_000 }),
    replication:
      replication === undefined ? undefined : read.integer('topics.replication', { default: 1, min: 1, max: 100 }),
    eventRetention:
      eventRetention === undefined ? undefined : read.integer('topics.eventRetention', { default: -1, min: -1 }),
    requestRetention: read.integer('topics.requestRetention', { default: 60 * minute, min: 1000 }),
    replyRetention: read.integer('topics.replyRetention', { default: 10 * minute, min: 1000 }),
    deadLetterRetention: read.integer('topics.deadLetterRetention', { default: -1, min: -1 }),
    config: { ...config },
  };
}
