import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { crc32c } from './crc32c.ts';
import { encodeProduce, isPlainProduce, type ProduceOptions } from './encode-produce.ts';

type Encode = (options: unknown) => { encode(): Promise<{ readonly buffer: Buffer }> };
const kafkajs = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce/v3/request.js') as Encode;

afterEach(() => void vi.useRealTimers());

async function same(options: ProduceOptions): Promise<void> {
  const { buffer } = await kafkajs(options).encode();
  expect(encodeProduce(options, Date.now()).equals(buffer)).toBe(true);
}

const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some));
const content = fc.oneof(text, bytes);
const nothing = fc.constant(null);
const headers = fc.option(fc.dictionary(text, fc.oneof(content, fc.array(content, { maxLength: 3 })), { maxKeys: 4 }), {
  nil: undefined,
});
const message = fc.record({
  key: fc.oneof(content, nothing, fc.constant(undefined)),
  value: fc.oneof(content, nothing),
  headers,
});
const partition = fc.record({
  partition: fc.nat(1000),
  firstSequence: fc.nat(),
  messages: fc.array(message, { minLength: 1, maxLength: 90 }),
});
const topic = fc.record({ topic: text, partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) });

describe('Produce', () => {
  it('is encoded to the byte as kafkajs does it', async () => {
    vi.useFakeTimers({ now: 1_790_000_000_123, toFake: ['Date'] });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(-1, 0, 1),
        fc.nat(100_000),
        fc.array(topic, { maxLength: 3 }),
        fc.option(fc.record({ producerId: fc.nat().map(String), producerEpoch: fc.nat(32_767) }), { nil: {} }),
        (acks, timeout, topicData, producer) => same({ acks, timeout, topicData, ...producer }),
      ),
      // To make a failure smaller takes minutes: there is so much of it.
      { endOnFailure: true },
    );
  });

  it.each([63, 64, 8191, 8192, 70_000, 1_100_000])('is so with a value of %i bytes', async (size) => {
    vi.useFakeTimers({ now: 1_790_000_000_123, toFake: ['Date'] });
    for (const value of ['x'.repeat(size), Buffer.alloc(size, 7)]) {
      const messages = [{ value, headers: { 'parley-head': '[1,"event",null,"text"]' } }, { value: null }];
      await same({ acks: -1, timeout: 30_000, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] });
    }
  });

  it('is so wherever its memory has to grow', async () => {
    vi.useFakeTimers({ now: 1_790_000_000_123, toFake: ['Date'] });
    // Each begins a byte later in the first 4096.
    for (let length = 3900; length < 4100; length += 1) {
      const messages = [{ value: 'x'.repeat(length) }, { key: 'k', value: 'v', headers: { h: Buffer.from('b') } }];
      await same({ acks: -1, timeout: 30_000, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] });
    }
  });

  it('is left to kafkajs when it is compressed, part of a transaction, or of another version', () => {
    const options = { acks: 1, timeout: 1000, topicData: [] };
    expect(isPlainProduce(options, 7)).toBe(true);
    expect(isPlainProduce({ ...options, compression: 0, transactionalId: null }, 3)).toBe(true);
    expect(isPlainProduce({ ...options, compression: 1 }, 7)).toBe(false);
    expect(isPlainProduce({ ...options, transactionalId: 'some' }, 7)).toBe(false);
    for (const version of [2, 9, undefined, '7']) expect(isPlainProduce(options, version)).toBe(false);
  });
});

it('computes CRC-32C', () => {
  // RFC 3720, appendix B.4.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});
