import { describe, expect, it } from 'vitest';
import { instanceName } from './instance-name.ts';
import { Outbox } from './outbox.ts';

describe('Outbox', () => {
  it('gives back what was put in, in order, once', () => {
    const outbox = new Outbox(100);
    outbox.put({ channel: 'a', message: '1' });
    outbox.put({ channel: 'a', message: Buffer.from('2') });
    expect(outbox.take().map(({ message }) => String(message))).toEqual(['1', '2']);
    expect(outbox.take()).toEqual([]);
  });

  it('takes no more than so many bytes, until it is emptied', () => {
    const outbox = new Outbox(10);
    expect(outbox.put({ channel: 'a', message: '123456789' })).toBe(true);
    expect(outbox.put({ channel: 'a', message: '' })).toBe(false);
    expect(outbox.take()).toHaveLength(1);
    expect(outbox.put({ channel: 'a', message: '' })).toBe(true);
  });
});

it('instance names are unique, and can be the inbox of a return address', () => {
  const all = new Set(Array.from({ length: 10_000 }, () => instanceName('orders')));
  expect(all.size).toBe(10_000);
  for (const name of all) expect(name).toMatch(/^orders-[0-9a-z]{16}$/);
});
