import { describe, expect, it } from 'vitest';
import { clientOfTest, fleetOfTest, redisOfTest, startService } from './places.ts';

const requests = 10_000;
const replicas = ['first', 'second', 'third'];
/** 20 % of even. */
const tolerance = 0.2;

/** Sends all requests, so many at a time. @returns the ids that each replica has handled. */
async function handledBy(width: number, ms?: number): Promise<string[][]> {
  const broker = await redisOfTest();
  const fleet = await fleetOfTest();
  for (const name of replicas) await startService(fleet, name, 'streams', broker.url);
  const client = clientOfTest('streams', broker.url);
  let next = 0;
  const row = async (): Promise<void> => {
    while (next < requests) {
      const id = String(next++);
      expect(await client.send('work', { id, ms })).toMatchObject({ id });
    }
  };
  await Promise.all(Array.from({ length: width }, row));
  expect(fleet.faults).toEqual([]);
  return replicas.map((name) => fleet.entries('handled', name).map(([, id]) => String(id)));
}

describe('streams: 10 000 requests to 3 replicas', () => {
  it('run 10 000 handlers, spread evenly', { timeout: 90_000 }, async () => {
    // Handlers that wait, as most do: otherwise it is the machine's own scheduler that decides who comes to take the next.
    const handled = await handledBy(32, 10);
    expect(handled.flat().length).toBe(requests);
    expect(new Set(handled.flat()).size).toBe(requests);
    const even = requests / replicas.length;
    for (const { length } of handled) {
      expect(length).toBeGreaterThanOrEqual(even * (1 - tolerance));
      expect(length).toBeLessThanOrEqual(even * (1 + tolerance));
    }
  });

  it('run 10 000 handlers, each once, with more than they can do', { timeout: 90_000 }, async () => {
    const handled = await handledBy(512);
    expect(handled.flat().length).toBe(requests);
    expect(new Set(handled.flat()).size).toBe(requests);
    for (const { length } of handled) expect(length).toBeGreaterThan(0);
  });
});
