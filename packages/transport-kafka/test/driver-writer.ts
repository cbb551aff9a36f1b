import { until } from '@parley/brokers/shared';
import { expect } from 'vitest';
import type { KafkaDriver } from '../src/driver/driver.ts';
import { ReaderNotes } from './driver-world.ts';

/** Writes numbers one after the other until it is stopped, and notes those that were acknowledged. */
export class Writer {
  readonly acknowledged: string[] = [];
  readonly #notes: ReaderNotes;
  #isPaused = false;
  #isWriting = false;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(driver: KafkaDriver, topic: string, notes: ReaderNotes) {
    const { partition } = notes.reader;
    this.#notes = notes;
    this.#done = this.#write(driver, topic, partition);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  /** Resolves when all that was acknowledged is read: what is not, is deleted with its topic. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await until('all to be read', () => !this.#isWriting && missed(this, this.#notes).length === 0);
  }

  resume(): void {
    this.#isPaused = false;
  }

  async #write(driver: KafkaDriver, topic: string, partition: number): Promise<void> {
    const producer = driver.producer({ acks: -1 });
    for (let number = 0; !this.#stopped; number++) {
      if (this.#isPaused) await until('it to go on', () => !this.#isPaused);
      this.#isWriting = true;
      const failures = await producer.send([{ topic, messages: [{ partition, value: String(number) }] }]);
      if (failures === undefined) this.acknowledged.push(String(number));
      this.#isWriting = false;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await producer.close(1000);
  }
}

function missed(writer: Writer, notes: ReaderNotes): string[] {
  const read = new Set(notes.values);
  return writer.acknowledged.filter((value) => !read.has(value));
}

/** While a writer writes, does something to the broker; resolves when what was acknowledged before, during and after was read. */
export async function losesNothing(
  driver: KafkaDriver,
  topic: string,
  during: (notes: ReaderNotes, writer: Writer) => Promise<unknown>,
): Promise<ReaderNotes> {
  const notes = ReaderNotes.on(driver, { topic });
  await notes.reader.start();
  const writer = new Writer(driver, topic, notes);
  await until('some before', () => writer.acknowledged.length >= 50);
  await during(notes, writer);
  const then = writer.acknowledged.length;
  await until('some after', () => writer.acknowledged.length >= then + 50);
  await writer.stop();
  await until('all of them', () => missed(writer, notes).length === 0).catch(() => undefined);
  expect(missed(writer, notes)).toEqual([]);
  return notes;
}
