import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DriverMessage } from '../../driver.ts';
import { anyPartition, cutIntoChunks, halve, rechoose } from './chunk.ts';

const led = (count: number) => Array.from({ length: count }, () => ({ leader: 1 }));

describe('cutIntoChunks', () => {
  it('keeps every message once, in order within its partition, in chunks that a broker takes', () => {
    const message = fc.record({
      partition: fc.option(fc.nat(4), { nil: undefined }),
      key: fc.option(fc.string(), { nil: undefined }),
      value: fc.nat(400_000).map((size) => Buffer.alloc(size)),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages: DriverMessage[]) => {
        const missing: DriverMessage[] = [];
        const chunks = cutIntoChunks({ topic: 't', messages }, led(3), missing);
        const placed = chunks.flatMap((chunk) => chunk.messages);
        expect(new Set([...placed, ...missing])).toEqual(new Set(messages));
        expect(placed.length + missing.length).toBe(messages.length);
        expect(missing).toEqual(messages.filter(({ partition }) => partition !== undefined && partition > 2));
        for (const partition of [0, 1, 2]) {
          const order = chunks.filter((chunk) => chunk.partition === partition).flatMap((chunk) => chunk.messages);
          const indexes = order.map((one) => messages.indexOf(one));
          expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
        }
        for (const chunk of chunks) {
          const bytes = chunk.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
          expect(chunk.messages.length === 1 || bytes < 1_000_000).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('counts keys and headers, and text by its bytes', () => {
    const big = 'ä'.repeat(200_000);
    const messages = [{ value: big }, { value: null, headers: { h: [big, big] } }, { value: big, key: null }];
    expect(cutIntoChunks({ topic: 't', messages }, led(1), []).map((chunk) => chunk.messages.length)).toEqual([
      1, 1, 1,
    ]);
  });

  it('puts what has neither partition nor key where a leader is', () => {
    const known = [{ leader: -1 }, { leader: -1 }, { leader: 7 }, { leader: -1 }];
    for (let round = 0; round < 20; round++) {
      const [chunk] = cutIntoChunks({ topic: 't', messages: [{ value: 'v' }] }, known, []);
      expect(chunk?.partition).toBe(2);
    }
    expect(anyPartition([{ leader: -1 }])).toBe(0);
  });
});

describe('a chunk', () => {
  it('is halved until one message is left', () => {
    const messages = [1, 2, 3].map((i) => ({ value: String(i) }));
    const [chunk] = cutIntoChunks({ topic: 't', messages }, led(1), []);
    if (chunk === undefined) throw new Error('no chunk');
    const halves = halve(chunk);
    expect(halves?.map((half) => half.messages.map(({ value }) => value))).toEqual([['1', '2'], ['3']]);
    expect(halves?.[1] && halve(halves[1])).toBeUndefined();
  });

  it('moves to a partition with a leader only if any partition would do, and it has no number', () => {
    const known = [{ leader: -1 }, { leader: 1 }];
    const chunk = { topic: 't', partition: 0, messages: [], bytes: 0, free: true, sequence: -1 };
    expect(rechoose({ ...chunk }, known).partition).toBe(1);
    expect(rechoose({ ...chunk, free: false }, known).partition).toBe(0);
    expect(rechoose({ ...chunk, sequence: 4 }, known).partition).toBe(0);
    expect(rechoose({ ...chunk }, undefined).partition).toBe(0);
  });
});
