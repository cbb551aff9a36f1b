import { type EndpointOptions, endpointOptionNames, OptionReader } from '@parley/core/transport';
import type { Compression } from './driver/driver.ts';
import { TopicNames } from './names/topic-names.ts';
import {
  type ConnectionOptionsOfKafka,
  connectionOptionNames,
  type ResolvedConnectionOptions,
  readConnection,
} from './options/connection-options.ts';
import { type ResolvedTopicOptions, readTopicOptions, type TopicOptions } from './options/topic-options.ts';

/** Options of {@link kafka}: where the brokers are, how topics are used, and what is bounded. Both sides read the same ones. */
export interface KafkaOptions extends EndpointOptions, ConnectionOptionsOfKafka {
  /**
   * The service; required to listen. Each message and each event is handled by one instance of a group. In Kafka the events
   * are read by the consumer group of this name, the messages by `<group>.rpc`.
   */
  readonly group?: string | undefined;
  /** What the names of all topics begin with; who has another one is in another world. Default: nothing. */
  readonly prefix?: string | undefined;
  /**
   * Who has to have an event before `emit` resolves: -1 all replicas that are in sync, 1 the leader, 0 nobody (it may be lost,
   * and nobody hears of it). Default -1.
   */
  readonly acks?: -1 | 0 | 1 | undefined;
  /**
   * Whether the brokers drop the double that an event becomes whose acknowledgement was lost on the way: it is then sent again
   * until that is known. Needs `acks: -1`. Default false.
   */
  readonly idempotent?: boolean | undefined;
  /** Of events. `gzip` is built in; register a codec with kafkajs for the others. Default `none`. */
  readonly compression?: Compression | undefined;
  /** How topics are made that do not exist yet. */
  readonly topics?: TopicOptions | undefined;
  /** Whether topics are made that do not exist yet. If false a missing one is an error (400) that names it. Default true. */
  readonly createTopics?: boolean | undefined;
  /** Where a group begins that is new to a topic of events: with what comes from now on, or with the oldest. Default `latest`. */
  readonly from?: 'latest' | 'earliest' | undefined;
  /**
   * Milliseconds without a heartbeat after which an instance that died is noticed, and others take over. A handler may run for
   * as long as it wants. Brokers refuse less than 6000 unless they are told otherwise. Default 6000.
   */
  readonly sessionTimeout?: number | undefined;
  /** Milliseconds between heartbeats; also how soon instances notice that another one comes or goes. Default 500. */
  readonly heartbeatInterval?: number | undefined;
  /** Milliseconds between looks for new topics that a wildcard matches, and for new partitions of broadcast ones. Default 5000. */
  readonly discoverInterval?: number | undefined;
  /** The largest body in bytes, either way (413). Topics that are made here take it. Default 1 MiB less 16 KiB, which fits Kafka's own default. */
  readonly maxBody?: number | undefined;
  /**
   * Bytes that may wait for Kafka: when more than that is unacknowledged at the end of a tick, new requests and events are
   * refused with 429. At least `maxBody`. Default 64 MiB, or twice `maxBody` if that is more.
   */
  readonly maxQueued?: number | undefined;
  /** Messages that an instance has fetched and not settled, at most; more stay with the broker. Default 10 000. */
  readonly prefetch?: number | undefined;
}

/** {@link KafkaOptions}, checked and complete. */
export interface ResolvedKafkaOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly clientId: string;
  readonly group: string | undefined;
  readonly names: TopicNames;
  readonly repliesTopic: string;
  readonly acks: -1 | 0 | 1;
  readonly idempotent: boolean;
  readonly compression: Compression;
  readonly topics: ResolvedTopicOptions;
  readonly createTopics: boolean;
  readonly from: 'latest' | 'earliest';
  readonly sessionTimeout: number;
  readonly heartbeatInterval: number;
  readonly discoverInterval: number;
  readonly maxBody: number;
  readonly maxQueued: number;
  readonly prefetch: number;
}

const mebibyte = 1_048_576;

const names = [
  'group',
  'prefix',
  'acks',
  'idempotent',
  'compression',
  'topics',
  'createTopics',
  'from',
  'sessionTimeout',
  'heartbeatInterval',
  'discoverInterval',
  'maxBody',
  'maxQueued',
  'prefetch',
  ...connectionOptionNames,
  ...endpointOptionNames,
] as const satisfies readonly (keyof KafkaOptions)[];

/** @throws RpcException 400 naming the option that is wrong. */
export function resolveKafkaOptions(options: KafkaOptions): ResolvedKafkaOptions {
  const read = new OptionReader<KafkaOptions>('kafka', options, names);
  const connection = readConnection(read, 'kafka', options);
  const group = read.string('group');
  const acks = options.acks ?? -1;
  if (![-1, 0, 1].includes(acks)) throw read.error('acks', 'must be -1, 0 or 1');
  const idempotent = read.boolean('idempotent', { default: false });
  if (idempotent && acks !== -1) throw read.error('idempotent', 'needs "acks" to be -1');
  const sessionTimeout = read.milliseconds('sessionTimeout', { default: 6000, min: 10 });
  const heartbeatInterval = read.milliseconds('heartbeatInterval', {
    default: Math.min(500, sessionTimeout / 3),
    min: 1,
  });
  if (heartbeatInterval * 2 > sessionTimeout) {
    throw read.error(
      'heartbeatInterval',
      'must be at most half of "sessionTimeout", or one lost heartbeat ends the membership',
    );
  }
  const maxBody = read.integer('maxBody', { default: mebibyte - 16_384, min: 1, max: 64 * mebibyte });
  const clientId = read.string('clientId') ?? group ?? 'parley';
  const topicNames = new TopicNames(readPrefix(read));
  return Object.freeze({
    connection,
    clientId,
    group,
    names: topicNames,
    repliesTopic: topicNames.replies(clientId),
    acks,
    idempotent,
    compression: read.oneOf('compression', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    topics: readTopicOptions(read, 'kafka', options.topics),
    createTopics: read.boolean('createTopics', { default: true }),
    from: read.oneOf('from', ['latest', 'earliest']),
    sessionTimeout,
    heartbeatInterval,
    discoverInterval: read.milliseconds('discoverInterval', { default: 5000, min: 50 }),
    maxBody,
    maxQueued: read.integer('maxQueued', { default: Math.max(64 * mebibyte, 2 * maxBody), min: maxBody }),
    prefetch: read.integer('prefetch', { default: 10_000, min: 1 }),
  });
}

/** What is left of Kafka's 249 characters is for the patterns. */
function readPrefix(read: OptionReader<KafkaOptions>): string {
  const prefix = read.string('prefix') ?? '';
  if (/^[A-Za-z0-9._-]{0,100}$/.test(prefix) && !prefix.startsWith('__')) return prefix;
  throw read.error('prefix', 'must be up to 100 letters, digits, ".", "_" or "-", and not begin with "__"');
}
