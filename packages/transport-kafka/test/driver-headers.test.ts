import { until } from '@parley/brokers/shared';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriverRecord } from '../src/driver/driver.ts';
import { DriverWorld, GroupNotes, unique } from './driver-world.ts';

let world: DriverWorld;
beforeAll(async () => {
  world = await DriverWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

const many = 20_000;

function headersOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, `v${index}`]));
}

describe.each(['none', 'gzip'] as const)('records with many headers, compression %s,', (compression) => {
  it('are read as quickly as others, with all of them', async () => {
    const driver = world.open();
    const topic = unique('headers');
    await driver.admin.ensureTopics([{ topic, partitions: 1 }]);
    const groupId = unique('g');
    const notes = GroupNotes.on(driver, { groupId, topics: [topic] });
    const records: DriverRecord[] = [];
    notes.handle = (record) => void records.push(record);
    await notes.consumer.start();
    const producer = driver.producer({ acks: -1, compression });
    const messages = [
      { key: 'k', value: 'first', headers: { one: '1' } },
      { value: 'many', headers: { ...headersOf(many), twice: ['a', 'b'] } },
      { key: null, value: null, headers: headersOf(9) },
      { value: 'none' },
      { value: 'last', headers: { one: Buffer.from([0xff]) } },
    ];
    // The event loop must not stand still: a timer tells.
    let longest = 0;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
    }, 5);
    expect(await producer.send([{ topic, messages }])).toBeUndefined();
    await until('all', () => records.length === messages.length);
    clearInterval(timer);
    // It took a minute and a half; on a busy machine this takes some seconds.
    expect(longest).toBeLessThan(15_000);
    const texts = records.map(({ headers = {} }) => Object.keys(headers).length);
    expect(texts).toEqual([1, many + 1, 9, 0, 1]);
    expect(records.map(({ offset }) => offset)).toEqual(['0', '1', '2', '3', '4']);
    expect(records.map(({ value }) => value?.toString())).toEqual(['first', 'many', undefined, 'none', 'last']);
    expect(records[0]?.key?.toString()).toBe('k');
    expect(String(records[1]?.headers?.[`h${many - 1}`])).toBe(`v${many - 1}`);
    expect(records[1]?.headers?.['twice']).toEqual([Buffer.from('a'), Buffer.from('b')]);
    expect(String(records[2]?.headers?.['h8'])).toBe('v8');
    expect(records[4]?.headers?.['one']).toEqual(Buffer.from([0xff]));
  });
});
