import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import kafkajs, { type CompressionTypes } from 'kafkajs';
import type {
  Compression,
  DriverMessage,
  DriverProducer,
  ProducerOptions,
  SendFailures,
  TopicMessages,
} from '../../driver.ts';
import { backoffDelay, Pause, settled } from '../backoff.ts';
import { type OpenCluster, openCluster } from '../connection/open-cluster.ts';
import { Topology } from '../connection/topology.ts';
import { driverError } from '../errors.ts';
import type { Shared } from '../shared.ts';
import type { Chunk } from './chunk.ts';
import { ProducerIdentity } from './idempotence.ts';
import { type ProduceSettings, produce } from './produce.ts';
import type { Verdict } from './produce-codes.ts';
import { Sending, type SendingHost } from './sending.ts';

/** How old the number of a topic's partitions may get, by which keys are spread. */
const metadataMaxAge = 60_000;

/**
 * Writes with kafkajs's brokers, not with its producer. That one resolves when it wrote nothing (to a partition newer than
 * its metadata), fails for all topics when one was deleted, repeats what may have been written, and groups a batch in
 * time that grows with its square.
 */
export class KafkaJsProducer implements DriverProducer, SendingHost {
  readonly topology: Topology;
  readonly patience: number;
  readonly repeat: boolean;
  readonly #shared: Shared;
  readonly #settings: ProduceSettings;
  readonly #idempotent: boolean;
  readonly #cluster: OpenCluster;
  readonly #pause = new Pause();
  readonly #running = new Set<Promise<unknown>>();
  #identity: ProducerIdentity | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(shared: Shared, options: ProducerOptions) {
    const requestTimeout = shared.options.kafkajs?.requestTimeout ?? 10_000;
    this.#shared = shared;
    this.#idempotent = options.idempotent === true;
    this.patience = options.patience ?? 0;
    this.repeat = options.repeat === true || this.#idempotent;
    this.#settings = {
      acks: options.acks,
      compression: compressionOf(options.compression ?? 'none'),
      // The broker gives up first, so that it can say so.
      timeout: Math.max(requestTimeout - 2000, Math.ceil(requestTimeout / 2)),
    };
    if (this.#idempotent && options.acks !== -1) {
      throw new RpcException('An idempotent producer needs acks: -1', { code: RpcCode.BadRequest });
    }
    this.#cluster = openCluster(shared.options);
    this.topology = new Topology(this.#cluster.cluster);
  }

  get closed(): boolean {
    return this.#closed;
  }

  async send(batch: readonly TopicMessages[]): Promise<SendFailures | undefined> {
    if (this.#closed) return failAll(batch, new RpcException('The producer is closed', { code: RpcCode.Unavailable }));
    const sending = this.#idempotent ? this.#afterTheLast(batch) : this.#begin(batch);
    this.#running.add(sending);
    try {
      return await sending;
    } catch (error) {
      return failAll(
        batch,
        new RpcException(`Cannot write: ${messageOf(error)}`, { code: RpcCode.ConnectionLost, cause: error }),
      );
    } finally {
      this.#running.delete(sending);
    }
  }

  async close(timeout: number): Promise<void> {
    this.#closed = true;
    this.#pause.end();
    await settled(Promise.allSettled(this.#running), timeout);
    // What still runs is rejected by this, and tries no more.
    this.#cluster.sockets.close();
    await settled(Promise.allSettled(this.#running), 1000);
    await settled(this.#cluster.cluster.disconnect(), 1000);
    this.#shared.gone(this);
  }

  async produce(chunks: readonly Chunk[]): Promise<readonly Verdict[]> {
    const identity = await this.#identify();
    if (identity instanceof RpcException) return chunks.map(() => ({ kind: 'again', error: identity }));
    if (identity !== undefined) for (const chunk of chunks) identity.number(chunk);
    const verdicts = await this.#toLeaders(chunks, identity);
    if (identity !== undefined) this.#count(identity, chunks, verdicts);
    return verdicts;
  }

  abandon(): void {
    this.#identity = undefined;
  }

  backOff(attempt: number): Promise<void> {
    return this.#pause.wait(backoffDelay(attempt));
  }

  missing(topic: string): void {
    this.#shared.missing(topic);
  }

  #begin(batch: readonly TopicMessages[]): Promise<SendFailures | undefined> {
    if (this.topology.age > metadataMaxAge) this.topology.refresh([]).catch(() => undefined);
    return new Sending(this, batch).run();
  }

  /** The numbers of a partition must arrive one after the other. */
  #afterTheLast(batch: readonly TopicMessages[]): Promise<SendFailures | undefined> {
    const sending = this.#last.then(
      () => this.#begin(batch),
      () => this.#begin(batch),
    );
    this.#last = sending;
    return sending;
  }

  async #identify(): Promise<ProducerIdentity | RpcException | undefined> {
    if (!this.#idempotent) return undefined;
    try {
      this.#identity ??= await ProducerIdentity.ask(this.#cluster.cluster);
      return this.#identity;
    } catch (error) {
      return driverError('Cannot get an identity for the idempotent producer', error);
    }
  }

  async #toLeaders(chunks: readonly Chunk[], identity: ProducerIdentity | undefined): Promise<readonly Verdict[]> {
    const byLeader = this.#byLeader(chunks);
    const send = (leader: number, part: readonly Chunk[]): Promise<readonly Verdict[]> =>
      leader < 0
        ? Promise.resolve(part.map(leaderless))
        : produce(this.#cluster, leader, part, this.#settings, identity, this.#shared.clock);
    const [first] = byLeader;
    if (first !== undefined && byLeader.size === 1) return send(...first);
    const verdicts = new Map<Chunk, Verdict>();
    const sends = [...byLeader].map(async ([leader, part]) => {
      for (const [index, verdict] of (await send(leader, part)).entries()) {
        const chunk = part[index];
        if (chunk !== undefined) verdicts.set(chunk, verdict);
      }
    });
    await Promise.all(sends);
    return chunks.map((chunk) => verdicts.get(chunk) ?? leaderless(chunk));
  }

  #byLeader(chunks: readonly Chunk[]): Map<number, Chunk[]> {
    const byLeader = new Map<number, Chunk[]>();
    for (const chunk of chunks) {
      const leader = this.topology.find(chunk.topic)?.[chunk.partition]?.leader ?? -1;
      const part = byLeader.get(leader);
      if (part === undefined) byLeader.set(leader, [chunk]);
      else part.push(chunk);
    }
    return byLeader;
  }

  #count(identity: ProducerIdentity, chunks: readonly Chunk[], verdicts: readonly Verdict[]): void {
    for (const [index, chunk] of chunks.entries()) {
      const kind = verdicts[index]?.kind;
      if (kind === 'written') identity.written(chunk);
      else if (kind === 'fenced') this.#identity = undefined;
    }
    if (this.#identity === undefined) for (const chunk of chunks) chunk.sequence = -1;
  }
}

function leaderless({ topic, partition }: Chunk): Verdict {
  const error = new RpcException(`Cannot write: partition ${partition} of the topic "${topic}" has no leader now`, {
    code: RpcCode.Unavailable,
  });
  return { kind: 'again', error };
}

function failAll(batch: readonly TopicMessages[], error: RpcException): SendFailures {
  const failures = new Map<DriverMessage, RpcException>();
  for (const { messages } of batch) for (const message of messages) failures.set(message, error);
  return failures;
}

// Node finds only some of this CommonJS module's names to import.
const { CompressionCodecs, CompressionTypes: codecs } = kafkajs;

const types: Record<Compression, CompressionTypes> = {
  none: codecs.None,
  gzip: codecs.GZIP,
  snappy: codecs.Snappy,
  lz4: codecs.LZ4,
  zstd: codecs.ZSTD,
};

/** @throws RpcException 400 when kafkajs has no codec for it. */
function compressionOf(name: Compression): CompressionTypes {
  const type = types[name];
  if (type === codecs.None || type === codecs.GZIP) return type;
  try {
    // Those that nobody has registered throw.
    (CompressionCodecs as unknown as Record<CompressionTypes, () => unknown>)[type]();
    return type;
  } catch (error) {
    const message = `kafkajs has no codec for "${name}": register one with its CompressionCodecs, or use "gzip"`;
    throw new RpcException(message, { code: RpcCode.BadRequest, cause: error });
  }
}
