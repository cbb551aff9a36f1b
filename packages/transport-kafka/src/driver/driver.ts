/**
 * What this transport wants of a Kafka client, and nothing more. Everything above it is written against this file;
 * everything that knows a client library lives in a folder beside it (`kafkajs`), so that another one can take its place.
 *
 * Common to all of it: what returns a promise does not throw, every rejection is an RpcException (503: surely not done, trying
 * again may help; 502: outcome unknown; 400, 401, 403: trying again does not help), nothing rejects unobserved, nothing
 * reconnects after `close`, and every `close` ends within its `timeout`, then cutting sockets. Offsets and timestamps are
 * decimal text, as int64 is in JavaScript's Kafka clients.
 */
import type { RpcException } from '@parley/core/transport';

export interface KafkaDriver {
  readonly admin: DriverAdmin;
  readonly clock: BrokerClock;
  /**
   * Resolves when a broker has answered, with credentials accepted. One attempt over all brokers. Rejects with 503 (nobody
   * answers), 401 (wrong credentials), 400 (TLS or options that cannot work). Not needed before the rest, which connects itself.
   */
  connect(): Promise<void>;
  /** Connects with its first send. @throws RpcException 400 for what cannot work: a codec that is missing, idempotence without acks -1. */
  producer(options: ProducerOptions): DriverProducer;
  /** Joins with `start`. */
  groupConsumer(options: GroupOptions, owner: GroupOwner): GroupConsumer;
  /** Reads with `start`. */
  partitionReader(options: ReaderOptions, owner: ReaderOwner): PartitionReader;
  /** The client library's own objects; what is there is the library's business. */
  readonly objects: DriverObjects;
  /** Closes all that was made, too. */
  close(timeout: number): Promise<void>;
}

/** For `unwrap`. `consumers` are those that run now: a rebuilt consumer is another object. */
export interface DriverObjects {
  readonly client: object;
  /** Connects itself when it is first used. */
  readonly producer: object;
  /** Connects itself when it is first used. */
  readonly admin: object;
  readonly consumers: readonly object[];
}

/**
 * The brokers' time, so that no two machines' clocks are compared. Learnt for nothing from the acknowledgements of sends to
 * topics with `message.timestamp.type=LogAppendTime`: whoever needs it early sends such a record when it connects, and
 * one now and then (a minute is plenty) if it sends nothing else.
 */
export interface BrokerClock {
  /** Milliseconds since 1970 by the brokers' clock, `undefined` before the first acknowledgement. */
  now(): number | undefined;
  /** By how many milliseconds `now` may be wrong either way; `Infinity` before the first acknowledgement. */
  readonly uncertainty: number;
  /** When the broker appended a record, in the same time; `undefined` where its topic keeps the time of its producer. */
  appendedAt(record: DriverRecord): number | undefined;
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface ProducerOptions {
  /** -1: all replicas in sync; 1: the leader; 0: nobody answers, so nothing is known of the outcome. */
  readonly acks: -1 | 0 | 1;
  /** The brokers drop doubles that a repeated request would make. Needs `acks: -1`. Default false. */
  readonly idempotent?: boolean | undefined;
  /** `gzip` is there; for the others register a codec with the client library (400 without). Default `none`. */
  readonly compression?: Compression | undefined;
  /** Milliseconds for which what surely was not written is tried again (a leader moves, a broker restarts). Default 0. */
  readonly patience?: number | undefined;
  /**
   * Within `patience`, try again also when the outcome is unknown: written at least once, perhaps twice. For what may come
   * twice: answers, events. Implied by `idempotent`, which then writes once. Default false.
   */
  readonly repeat?: boolean | undefined;
}

export interface DriverMessage {
  /** Must exist, or the message fails with 404. Without: by the key (murmur2, as Java's clients do), else any. */
  readonly partition?: number | undefined;
  readonly key?: Buffer | string | null | undefined;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>> | undefined;
}

export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly DriverMessage[];
}

/** Messages that were not written, each with the reason. The keys are the very objects that were given. */
export type SendFailures = ReadonlyMap<DriverMessage, RpcException>;

export interface DriverProducer {
  /**
   * All of the batch in one request per broker, cut where a partition's part exceeds 1000 messages or `maxBatchBytes`.
   * Resolves when every message is settled, with `undefined` when all were really written, else with those that were
   * not: a failing topic or partition harms no other. Never rejects. Codes: 503 surely not written; 502 unknown; 404 no
   * such topic or partition (surely not written; ensure the topic and send again); 413 larger than the broker takes; 403
   * not authorised; 400 malformed. Messages without partition and key go to one partition together.
   *
   * Two sends may overtake each other while a leader moves: where order matters, begin the next when this one is settled.
   */
  send(batch: readonly TopicMessages[]): Promise<SendFailures | undefined>;
  /** Waits for the sends under way; those that are not settled within `timeout` end with 502. Later sends: 503. */
  close(timeout: number): Promise<void>;
}

/** A record as it was fetched: the client library's own object, so that nothing is copied. */
export interface DriverRecord {
  readonly offset: string;
  /** Milliseconds since 1970; by the broker's clock where the topic says so. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>> | undefined;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  /** The next offset to be read: the last one that is done, plus 1. */
  readonly offset: string;
}

export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Where a group begins that has no offsets in a topic: its beginning, or now. Partitions added later: their beginning. */
  readonly fromBeginning: boolean;
  /** Milliseconds after which a dead member is noticed; brokers take 6 000 and more by default. Default 6 000. */
  readonly sessionTimeout?: number | undefined;
  /** Milliseconds that members get to come back when the group changes. Default 30 000. */
  readonly rebalanceTimeout?: number | undefined;
  /** Milliseconds between heartbeats, and the most that a rebalance takes to be noticed. Default 500. */
  readonly heartbeatInterval?: number | undefined;
  /** Milliseconds that a fetch waits for records; how long a resumed partition may have to wait. At most 500. Default 200. */
  readonly maxWaitTime?: number | undefined;
  /** Bytes per partition and fetch; one larger record comes all the same. Default 1 MiB. */
  readonly maxBytesPerPartition?: number | undefined;
  /** Also records of transactions that are not committed. Default false. */
  readonly readUncommitted?: boolean | undefined;
}

/** A group consumer's side that is told things. What it throws is logged and goes no further. */
export interface GroupOwner {
  /**
   * These are ours from now on, until `revoked`: all of them, also those kept from the generation before. Drop the lanes of
   * all others. Nothing is paused at first (but for `pauseAll`). Each with the offset that the group has committed, or begins
   * at: what is before it, this or another instance has done; what is not comes again.
   */
  assigned(generation: number, partitions: readonly TopicPartitionOffset[]): void;
  /**
   * The group changes and all partitions go back. A last `commit` of this generation is in time while the promise runs, at
   * most 1 s; after it such commits do nothing. `clean` is false when membership was lost: commits do nothing then already.
   */
  revoked(generation: number, clean: boolean): Promise<void> | void;
  /** In order of offset. Must not do long work at once; nobody waits for what it begins. `generation` is the current one. */
  records(generation: number, topic: string, partition: number, records: readonly DriverRecord[]): void;
  /** Not in the group any more, or no broker answers; it tries again for ever. */
  lost(reason: RpcException): void;
  /** In the group again, just after `assigned`. Not called for the first time: that is what `start` resolves for. */
  restored(): void;
  /** These topics do not exist (any more); the others are read. It looks again every second, or when `changeTopics` is called. */
  missing(topics: readonly string[]): void;
}

export interface GroupConsumer {
  /**
   * Resolves when it has joined the group and the positions of its partitions are committed: what is written from now on
   * will come, to this group, also when it goes away now. Rejects with what trying again cannot heal (401, 403, 400), or
   * when it is closed; a broker that is away it waits for, telling `lost`.
   */
  start(): Promise<void>;
  /**
   * What it reads from now on; with one rebalance. Resolves when it has joined with these. A topic that is added begins at
   * its beginning where the group has no offset, whatever `fromBeginning` says: it was not there, or not known, before.
   */
  changeTopics(topics: readonly string[]): Promise<void>;
  /** Fetches no more of these until `resume` or the next generation. What was fetched already is still handed over once. */
  pause(topic: string, partition: number): void;
  /** Takes effect with the next fetch, within `maxWaitTime`: resume before the lane runs dry. */
  resume(topic: string, partition: number): void;
  /** Fetches nothing more, over generations, yet stays in the group and may commit. No records after it returns. */
  pauseAll(): void;
  /** What comes next of this partition, if it is assigned: to have records again that were handed over. */
  seek(topic: string, partition: number, offset: string): void;
  /**
   * Resolves when the broker has stored it. Rejects with 503 otherwise, also when the generation is over (the broker makes sure
   * of it, too): nothing is lost, commit again with the next.
   */
  commit(generation: number, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /**
   * The group still counts this instance in: it has said so within the session timeout. False after the process was stopped for
   * longer than that (others may have its partitions and handle what it has), until it has asked again.
   */
  readonly isMember: boolean;
  /** Leaves the group, so that the others take over at once. No records after it is called. Commit before. */
  close(timeout: number): Promise<void>;
}

export interface ReaderOptions {
  readonly topic: string;
  /** Default: any that has a live leader. */
  readonly partition?: number | undefined;
  /** Where it begins: with what is written after `start` has resolved, or with the oldest record there is. Default `end`. */
  readonly from?: 'end' | 'beginning' | undefined;
  /** Milliseconds that a fetch waits for records. Default 1000. It does not delay `close`. */
  readonly maxWaitTime?: number | undefined;
}

/** A reader's side that is told things. What it throws is logged and goes no further. */
export interface ReaderOwner {
  /** In order of offset. May come twice after a topic was made anew. More are fetched when the promise is settled. */
  records(records: readonly DriverRecord[]): Promise<void> | void;
  /** No broker hands over records now; it tries again for ever. What is acknowledged meanwhile is read later. */
  lost(reason: RpcException): void;
  /** Reads again from where it was; see `partition`, which may be another one if the topic was made anew with fewer. */
  restored(): void;
  /** The topic does not exist (any more). Make it, and it is read from its beginning; it looks every 20 to 500 ms. */
  missing(): void;
}

/** Reads one partition, without a group; nothing of it is kept on the broker. */
export interface PartitionReader {
  /** The partition that is read; meaningful once `start` has resolved. */
  readonly partition: number;
  /** Resolves when it is positioned; rejects with 404 (no such topic or partition), 503, 401, 403, 400. */
  start(): Promise<void>;
  /** No records after it is called. */
  close(timeout: number): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  /** Default: the broker's. */
  readonly partitions?: number | undefined;
  /** Default: the broker's. */
  readonly replication?: number | undefined;
  /** Of a topic that does not exist yet, as `{ 'retention.ms': '60000' }`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** What one fetch of a partition gave. */
export interface FetchedRecords {
  readonly records: readonly DriverRecord[];
  /** Where to go on; the same as before when there was nothing. */
  readonly next: number;
}

export interface DriverAdmin {
  /**
   * Resolves when all of them exist with a leader for every partition; those that exist stay as they are. Concurrent calls
   * share a request; what is known to exist costs nothing, until `forget` or a 404 from a producer or reader of this driver.
   * Rejects with 400 (invalid name, collides with another that differs only in `.` and `_`, invalid setting), 403, 503.
   */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Ask the broker the next time. */
  forget(topic: string): void;
  /** Without the brokers' internal ones. */
  listTopics(): Promise<readonly string[]>;
  /** `undefined` when there is no such topic. Asks the broker every time. */
  partitionsOf(topic: string): Promise<number | undefined>;
  /** Resolves when it is decided: for a moment brokers may not know them, or no leader, and what is sent there fails with 404 or 503. */
  addPartitions(topic: string, total: number): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Per partition the offset that the next record will get. */
  endOffsets(topic: string): Promise<readonly TopicPartitionOffset[]>;
  /** Per partition the oldest offset that is kept; that of the end when nothing is. */
  firstOffsets(topic: string): Promise<readonly TopicPartitionOffset[]>;
  /** Some records of a partition from an offset on, a few MiB at most; without the markers of transactions. */
  recordsFrom(place: TopicPartitionOffset): Promise<FetchedRecords>;
  /** Per partition what the group has committed; partitions without are left out. */
  committedOffsets(groupId: string, topic: string): Promise<readonly TopicPartitionOffset[]>;
}
