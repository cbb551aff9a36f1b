import type { Cluster } from 'kafkajs';
import type { InnerBroker } from '../connection/internals.ts';
import type { Chunk } from './chunk.ts';

/** Who sends and with which number the next message of a partition goes: by these the broker drops doubles. */
export class ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly #next = new Map<string, number>();

  private constructor(producerId: number, producerEpoch: number) {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
  }

  static async ask(cluster: Cluster): Promise<ProducerIdentity> {
    const broker = (await cluster.findControllerBroker()) as InnerBroker;
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 });
    // kafkajs gives text and takes it as well; its types say number.
    return new ProducerIdentity(producerId as unknown as number, producerEpoch);
  }

  /** A chunk that is sent again keeps its number. */
  number(chunk: Chunk): void {
    if (chunk.sequence < 0) chunk.sequence = this.#next.get(placeOf(chunk)) ?? 0;
  }

  written(chunk: Chunk): void {
    // Numbers are int32 and begin again at 0.
    this.#next.set(placeOf(chunk), (chunk.sequence + chunk.messages.length) % 2 ** 31);
  }
}

function placeOf(chunk: Chunk): string {
  return `${chunk.partition}/${chunk.topic}`;
}
