import { createClient } from '@parley/core';
import { Cluster } from 'ioredis';
import { expect, it } from 'vitest';
import { redis } from '../src/index.ts';
import { until, Warnings } from './streams-stage.ts';

/** A cluster client of the application, whose names are never found. */
function lost(): { readonly client: Cluster; readonly lookups: () => number } {
  let lookups = 0;
  const dnsLookup = () => {
    lookups += 1;
  };
  const client = new Cluster([{ host: 'redis.example.org', port: 6379 }], { lazyConnect: true, dnsLookup });
  return { client, lookups: () => lookups };
}

it('closes while the names of a cluster are looked up', async () => {
  const { client, lookups } = lost();
  const side = redis({ client }).createClient();
  const none = { events: [], wildcards: [] };
  const hub = {
    routes: { messages: [], ...none, broadcast: none },
    attach: () => expect.unreachable(),
    unreachable: () => undefined,
    warn: () => undefined,
  };
  const connecting = side.connect(hub);
  connecting.catch(() => undefined);
  await until(() => lookups() === 1, 'a name is looked up');
  await side.close(100);
  await expect(connecting).rejects.toMatchObject({ code: 503 });
});

it('looks up the names of a cluster again when that took too long', async () => {
  const { client: cluster, lookups } = lost();
  await using client = createClient(redis({ client: cluster, connectTimeout: 20 }), { logger: new Warnings() });
  await expect(client.send('echo')).rejects.toMatchObject({ code: 503, message: expect.stringContaining('in time') });
  await until(() => lookups() > 2, 'it tries on');
});
