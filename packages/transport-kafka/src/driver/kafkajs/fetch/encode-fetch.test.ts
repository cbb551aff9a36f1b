import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFetch, type FetchOptions } from './encode-fetch.ts';
import { isKnownVersion } from './fetch-versions.ts';

type Protocol = (options: FetchOptions) => { request: { encode(): Promise<{ readonly buffer: Buffer }> } };
const { protocol } = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch/index.js') as {
  protocol(of: { version: number }): Protocol;
};

const partition = fc.record({
  partition: fc.nat(1000),
  fetchOffset: fc.nat(Number.MAX_SAFE_INTEGER).map(String),
  maxBytes: fc.nat(),
});
const topic = fc.record({ topic: fc.string({ unit: 'binary' }), partitions: fc.array(partition, { maxLength: 30 }) });
const options = fc.record(
  {
    maxWaitTime: fc.nat(),
    minBytes: fc.nat(),
    maxBytes: fc.nat(),
    isolationLevel: fc.constantFrom(0, 1),
    rackId: fc.string(),
    topics: fc.array(topic, { maxLength: 5 }),
  },
  { requiredKeys: ['maxWaitTime', 'minBytes', 'maxBytes', 'topics'] },
);

it('a Fetch is encoded to the byte as kafkajs does it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 4, max: 11 }), options, async (version, given) => {
      const { buffer } = await protocol({ version })(given).request.encode();
      expect(encodeFetch(given, version).equals(buffer)).toBe(true);
    }),
    { endOnFailure: true },
  );
});

it('knows the versions with batches', () => {
  expect([3, 4, 11, 12, undefined, '11'].map(isKnownVersion)).toEqual([false, true, true, false, false, false]);
});
