import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import type { Broker, CompressionTypes, Message } from 'kafkajs';
import type { AcknowledgedClock } from '../clock.ts';
import type { InnerBroker } from '../connection/internals.ts';
import type { OpenCluster } from '../connection/open-cluster.ts';
import { whereaboutsOf } from '../connection/whereabouts.ts';
import { driverError, isFatal, kindOf, rootOf } from '../errors.ts';
import type { Chunk } from './chunk.ts';
import type { ProducerIdentity } from './idempotence.ts';
import { type Verdict, verdictOf } from './produce-codes.ts';

export interface ProduceSettings {
  readonly acks: number;
  readonly compression: CompressionTypes;
  /** Milliseconds that the broker waits for its replicas. */
  readonly timeout: number;
}

/** kafkajs's form of a response, of Produce version 3 and later. */
interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly logAppendTime?: string;
    }[];
  }[];
}

/** One Produce request: what became of each chunk, in their order. At most one chunk per partition. Never rejects. */
export async function produce(
  { cluster, sockets }: OpenCluster,
  leader: number,
  chunks: readonly Chunk[],
  settings: ProduceSettings,
  identity: ProducerIdentity | undefined,
  clock: AcknowledgedClock,
): Promise<readonly Verdict[]> {
  let broker: Broker;
  try {
    broker = await cluster.findBroker({ nodeId: String(leader) });
  } catch (error) {
    return chunks.map(() => unsent(driverError('Cannot reach the broker', error)));
  }
  const sent = performance.now();
  try {
    const response = (await broker.produce({
      ...settings,
      ...(identity === undefined ? {} : { producerId: identity.producerId, producerEpoch: identity.producerEpoch }),
      topicData: topicDataOf(chunks),
    })) as ProduceResponse | undefined;
    return verdictsOf(response, chunks, sent, clock);
  } catch (error) {
    if (kindOf(error) === 'KafkaJSRequestTimeoutError') {
      const { host, port } = (broker as InnerBroker).connectionPool;
      sockets.cut('the broker did not answer in time', `${host}:${port}`);
    }
    const wrote = wasWritten(error);
    const verdict = wrote ? unknown(error) : unsent(driverError('Cannot write', error));
    return chunks.map(() => verdict);
  }
}

type TopicData = Parameters<Broker['produce']>[0]['topicData'];

function topicDataOf(chunks: readonly Chunk[]): TopicData {
  const data: TopicData = [];
  const byTopic = new Map<string, TopicData[number]>();
  for (const { topic, partition, messages, sequence } of chunks) {
    let entry = byTopic.get(topic);
    if (entry === undefined) {
      entry = { topic, partitions: [] };
      byTopic.set(topic, entry);
      data.push(entry);
    }
    entry.partitions.push({ partition, firstSequence: Math.max(sequence, 0), messages: messages as Message[] });
  }
  return data;
}

function verdictsOf(
  response: ProduceResponse | undefined,
  chunks: readonly Chunk[],
  sent: number,
  clock: AcknowledgedClock,
): readonly Verdict[] {
  // With acks 0 nobody answers.
  if (response === undefined) return chunks.map(({ topic, partition }) => verdictOf(0, topic, partition));
  const acknowledged = performance.now();
  return chunks.map(({ topic, partition }) => {
    const answer = response.topics
      .find(({ topicName }) => topicName === topic)
      ?.partitions.find((one) => one.partition === partition);
    if (answer === undefined) return unknown(new Error('the broker did not say what became of it'));
    const appended = Number(answer.logAppendTime ?? -1);
    // -1: the topic keeps the time of the producer.
    if (answer.errorCode === 0 && appended >= 0) clock.learn(appended, sent, acknowledged);
    return verdictOf(answer.errorCode, topic, partition);
  });
}

/** The connection was there, so the request was on its way. */
function wasWritten(error: unknown): boolean {
  const kind = kindOf(error);
  if (kind === 'KafkaJSConnectionClosedError' || kind === 'KafkaJSRequestTimeoutError') return true;
  if (kind !== 'KafkaJSConnectionError') return false;
  const root = rootOf(error);
  return whereaboutsOf(root)?.stage !== 'connecting' && messageOf(root) !== 'Not connected';
}

function unknown(error: unknown): Verdict {
  const { message } = driverError('Whether it was written is unknown', error);
  return { kind: 'unknown', error: new RpcException(message, { code: RpcCode.ConnectionLost, cause: error }) };
}

function unsent(error: RpcException): Verdict {
  return { kind: isFatal(error) ? 'refused' : 'again', error };
}
