import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DriverRecord } from '../../driver.ts';
import { decodeFetch } from './decode-fetch.ts';

const require = createRequire(import.meta.url);
const kafkajs = <Module>(path: string): Module => require(`kafkajs/src/protocol/${path}.js`) as Module;

interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint): Encoder;
  writeString(value: string): Encoder;
  writeBytes(value: Buffer): Encoder;
  writeBufferInternal(value: Buffer): void;
}
const Encoder = kafkajs<new () => Encoder>('encoder');
const Record = kafkajs<(record: object) => Encoder>('recordBatch/record/v0/index');
const { RecordBatch } = kafkajs<{ RecordBatch(options: object): Promise<Encoder> }>('recordBatch/v0/index');
const MessageSet = kafkajs<(options: object) => Encoder>('messageSet/index');

interface Batch {
  readonly first: number;
  readonly compression: 0 | 1;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly append: boolean;
  readonly records: readonly object[];
}

/** As a broker has it. */
async function batchOf({ first, compression, transactional, control, append, records }: Batch): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    compression,
    firstTimestamp: 1_790_000_000_000,
    maxTimestamp: 1_790_000_001_000,
    producerId: 2n ** 60n + 1n,
    producerEpoch: 7,
    firstSequence: 3,
    transactional,
    lastOffsetDelta: records.length - 1,
    records: records.map((record, offsetDelta) => Record({ offsetDelta, timestampDelta: offsetDelta * 40, ...record })),
  });
  buffer.writeBigInt64BE(BigInt(first));
  buffer.writeInt16BE(buffer.readInt16BE(21) | (append ? 0x08 : 0) | (control ? 0x20 : 0), 21);
  return buffer;
}

interface Partition {
  readonly messages: Buffer;
  readonly aborted: readonly number[];
  readonly replica?: number;
}

function responseOf(version: number, topics: readonly (readonly Partition[])[]): Buffer {
  const to = new Encoder();
  to.writeInt32(12);
  if (version >= 7) to.writeInt16(0).writeInt32(99);
  to.writeInt32(topics.length);
  for (const [index, partitions] of topics.entries()) {
    to.writeString(`topic ${index} é`).writeInt32(partitions.length);
    for (const [partition, { messages, aborted, replica = -1 }] of partitions.entries()) {
      to.writeInt32(partition)
        .writeInt16(partition)
        .writeInt64(2n ** 40n)
        .writeInt64(-1n);
      if (version >= 5) to.writeInt64(5n);
      to.writeInt32(aborted.length === 0 ? -1 : aborted.length);
      for (const offset of aborted) to.writeInt64(2n ** 60n + 1n).writeInt64(BigInt(offset));
      if (version >= 11) to.writeInt32(replica);
      to.writeBytes(messages);
    }
  }
  return to.buffer;
}

type Decode = (data: Buffer) => Promise<unknown>;
const theirs = (version: number): Decode => kafkajs<{ decode: Decode }>(`requests/fetch/v${version}/response`).decode;
const never: Decode = () => Promise.reject(new Error('left to kafkajs'));

interface Response {
  readonly responses: readonly { readonly partitions: readonly { messages: DriverRecord[]; errorCode: number }[] }[];
}

/** Those that have nothing to tell are left out. */
function tellingOf(response: unknown): unknown {
  const { responses, ...rest } = response as Response;
  const telling = responses.map(({ partitions, ...topic }) => ({
    ...topic,
    partitions: partitions.filter(({ messages, errorCode }) => messages.length > 0 || errorCode !== 0),
  }));
  return { ...rest, responses: telling.filter(({ partitions }) => partitions.length > 0) };
}

async function same(version: number, data: Buffer): Promise<void> {
  expect(tellingOf(await decodeFetch(data, version, never))).toEqual(tellingOf(await theirs(version)(data)));
}

/** Those of the first partition. */
function recordsIn(response: unknown): readonly DriverRecord[] {
  const { responses } = response as { responses: { partitions: { messages: DriverRecord[] }[] }[] };
  return responses[0]?.partitions[0]?.messages ?? [];
}

const bytes = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 100 }).map((some) => Buffer.from(some)),
);
/** Objects inherit some names, and kafkajs adds what it finds there to what came. */
const inherited = Object.getOwnPropertyNames(Object.prototype);
const name = fc.string({ unit: 'binary' }).filter((one) => !inherited.includes(one));
const text = fc.uint8Array({ maxLength: 80 }).map((some) => Buffer.from(some));
const headers = fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxKeys: 4 });
const record = fc.record({
  key: bytes,
  value: bytes,
  headers,
  timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
});
const batch = fc.record({
  first: fc.nat({ max: 2 ** 45 }),
  compression: fc.constantFrom(0 as const, 1 as const),
  transactional: fc.boolean(),
  control: fc.boolean(),
  append: fc.boolean(),
  records: fc.array(record, { minLength: 1, maxLength: 90 }),
});
const partition = fc.record({
  batches: fc.array(batch, { maxLength: 3 }),
  cut: fc.nat(100),
  aborted: fc.array(fc.nat(), { maxLength: 2 }),
});

/** Behind the byte that tells a batch from what was before batches. */
const formatEnd = 17;

const plain: Batch = { first: 4, compression: 0, transactional: false, control: false, append: false, records: [] };

describe('the response to a Fetch', () => {
  it.each(inherited)('has a header %s only when it was sent', async (each) => {
    const records = [
      { value: 'a', headers: { [each]: 'v' } },
      { value: 'b', headers: { other: 'w' } },
    ];
    const data = responseOf(11, [[{ messages: await batchOf({ ...plain, records }), aborted: [] }]]);
    const [first, second] = recordsIn(await decodeFetch(data, 11, never));
    expect(first?.headers?.[each]).toEqual(Buffer.from('v'));
    expect(second?.headers?.[each]).toBeUndefined();
  });

  it('is decoded as kafkajs does it, also when the last batch is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 11 }),
        fc.array(fc.array(partition, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
        async (version, topics) => {
          const filled = topics.map((partitions) =>
            partitions.map(async ({ batches, cut, aborted }) => {
              const whole = Buffer.concat(await Promise.all(batches.map(batchOf)));
              const left = whole.length - cut;
              // kafkajs fails where not even the format is there, which brokers do not send.
              return { messages: whole.subarray(0, left < formatEnd ? 0 : left), aborted };
            }),
          );
          await same(version, responseOf(version, await Promise.all(filled.map((each) => Promise.all(each)))));
        },
      ),
      { endOnFailure: true },
    );
  });

  it('has no partitions that have nothing to tell: no records, no error, no replica to read from', async () => {
    const nothing = { messages: Buffer.alloc(0), aborted: [] };
    const some = { messages: await batchOf({ ...plain, records: [{ value: 'v' }] }), aborted: [] };
    // Each tells its place as its error.
    const topics = [[nothing], [some, nothing], [{ ...nothing, replica: 2 }]];
    const decoded = (await decodeFetch(responseOf(11, topics), 11, never)) as Response;
    expect(decoded.responses.map(({ partitions }) => partitions.map(({ messages }) => messages.length))).toEqual([
      [1, 0],
      [0],
    ]);
  });

  it.each([0, 63, 64, 8191, 8192, 1_100_000])('is so with a value of %i bytes', async (size) => {
    const records = [{ key: 'k', value: Buffer.alloc(size, 7) }, { value: null }];
    await same(11, responseOf(11, [[{ messages: await batchOf({ ...plain, records }), aborted: [] }]]));
  });

  it('is so with more records than a call has room for arguments', async () => {
    const count = 200_000;
    const records = Array.from({ length: count }, () => ({ value: 'x' }));
    const messages = await batchOf({ ...plain, records });
    const decoded = recordsIn(await decodeFetch(responseOf(11, [[{ messages, aborted: [] }]]), 11, never));
    expect(decoded.at(-1)?.offset).toBe(String(count + 3));
  });

  it('is left to kafkajs where its messages are of the time before batches', async () => {
    const messages = MessageSet({ messageVersion: 1, entries: [{ key: 'k', value: 'v', timestamp: 7 }] }).buffer;
    const data = responseOf(4, [[{ messages, aborted: [] }]]);
    expect(await decodeFetch(data, 4, theirs(4))).toMatchObject({
      responses: [{ partitions: [{ messages: [{ key: Buffer.from('k'), value: Buffer.from('v') }] }] }],
    });
  });

  it('is left to kafkajs where it makes no sense, whatever is wrong', async () => {
    const good = responseOf(11, [
      [{ messages: await batchOf({ ...plain, records: [{ key: 'k', value: 'v' }] }), aborted: [] }],
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, length) => {
        const bad = Buffer.from(good)
          .fill(byte, at, at + 1)
          .subarray(0, length);
        const decoding = decodeFetch(bad, 11, () => Promise.resolve('left'));
        // Where it now says that it is compressed, decompressing fails.
        const outcome = await decoding.catch((error: Error) => error);
        expect(outcome).not.toBeInstanceOf(RangeError);
      }),
      { numRuns: 2000, endOnFailure: true },
    );
  });

  it('fails with the error of kafkajs where a codec is missing', async () => {
    const messages = await batchOf({ ...plain, records: [{ value: 'v' }] });
    messages.writeInt16BE(4, 21);
    await expect(decodeFetch(responseOf(11, [[{ messages, aborted: [] }]]), 11, never)).rejects.toThrow(
      'ZSTD compression not implemented',
    );
  });
});
