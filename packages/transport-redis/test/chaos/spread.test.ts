import { describe, expect, it } from 'vitest';
import { Fleet } from './fleet.ts';
import { clientOfTest, redisOfTest, serverOptions } from './places.ts';

const requests = 10_000;
const replicas = ['first', 'second', 'third'];
/** 20 % of even. */
const tolerance = 0.2;

describe.each([8, 128])('streams: 10 000 requests to 3 replicas, %i at a time', (width) => {
  it('run 10 000 handlers, spread evenly', { timeout: 90_000 }, async () => {
    const broker = await redisOfTest();
    const fleet = await Fleet.muster();
    for (const name of replicas) await fleet.start('service', name, serverOptions('streams', broker.url));
    const client = clientOfTest('streams', broker.url);

    let next = 0;
    const row = async (): Promise<void> => {
      while (next < requests) {
        const id = String(next++);
        expect(await client.send('work', { id })).toMatchObject({ id });
      }
    };
    await Promise.all(Array.from({ length: width }, row));

    const handled = replicas.map((name) => fleet.entries('handled', name).map(([, id]) => id));
    expect(handled.flat().length).toBe(requests);
    expect(new Set(handled.flat()).size).toBe(requests);
    const even = requests / replicas.length;
    for (const { length } of handled) {
      expect(length).toBeGreaterThanOrEqual(even * (1 - tolerance));
      expect(length).toBeLessThanOrEqual(even * (1 + tolerance));
    }
    fleet.expectSound();
  });
});
