import { Batch } from './kafka-batch.ts';
import { check } from './kafka-format.ts';
import type { Connection } from './kafka-request.ts';

const produce = { apiKey: 0, apiVersion: 7, apiName: 'Produce' };

/** Records for one topic: one Produce under way, all others wait and leave together. */
export class Writer {
  readonly #connection: Connection;
  readonly #make: () => Batch;
  /** Where the response has its error: behind the topic and the numbers of topics and partitions. */
  readonly #errorAt: number;
  #filling: Batch;
  /** Those that have no more room, in their order. */
  readonly #full: Batch[] = [];
  readonly #spare: Batch[] = [];
  #isBusy = false;
  readonly #send = (): void => void this.#sendAll();

  constructor(connection: Connection, topic: string, acks: number) {
    this.#connection = connection;
    this.#make = () => new Batch(topic, acks);
    this.#errorAt = 14 + topic.length;
    this.#filling = this.#make();
  }

  add(key: string, text: string): Promise<void> {
    if (!this.#filling.add(key, text)) {
      this.#full.push(this.#change());
      this.#filling.add(key, text);
    }
    if (!this.#isBusy) {
      this.#isBusy = true;
      // All that this tick adds leaves together.
      process.nextTick(this.#send);
    }
    return this.#filling.taken;
  }

  async #sendAll(): Promise<void> {
    while (this.#full.length > 0 || !this.#filling.isEmpty) {
      const batch = this.#full.shift() ?? this.#change();
      const body = batch.close();
      const response = await this.#connection({ ...produce, encode: () => ({ buf: body, buffer: body }) });
      check(response.readInt16BE(this.#errorAt));
      batch.settle();
      this.#spare.push(batch);
    }
    this.#isBusy = false;
  }

  /** @returns what was filled until now. */
  #change(): Batch {
    const batch = this.#filling;
    this.#filling = this.#spare.pop() ?? this.#make();
    return batch;
  }
}
