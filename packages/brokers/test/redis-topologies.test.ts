import { Cluster } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { startRedisCluster, startRedisSentinel } from '../src/redis/index.ts';
import { until } from '../src/shared/until.ts';
import { clientOf, isAlive } from './clients.ts';

it('a cluster serves every slot, moves one through all its nodes, and survives the death of a node', {
  timeout: 60_000,
}, async () => {
  await using cluster = await startRedisCluster({ appendonly: true });
  const client = new Cluster([...cluster.addresses], { clusterRetryStrategy: () => 50 });
  onTestFinished(() => client.disconnect());
  const keys = Array.from({ length: 300 }, (_, index) => `key-${index}`);
  await Promise.all(keys.map((key) => client.set(key, `${key}!`)));
  const owners = await Promise.all(keys.slice(0, 30).map((key) => cluster.nodeOf(key)));
  expect(new Set(owners).size).toBe(3);

  for (const node of [...cluster.nodes, ...cluster.nodes]) {
    await cluster.moveSlotOf('key-7', node);
    expect(await cluster.nodeOf('key-7')).toBe(node);
    expect(await client.get('key-7')).toBe('key-7!');
    expect(await clientOf(node).get('key-7')).toBe('key-7!');
  }

  const [victim] = cluster.nodes;
  await victim?.kill();
  await victim?.start();
  await cluster.ready();
  await Promise.all(keys.map(async (key) => expect(await client.get(key)).toBe(`${key}!`)));
});

it('a cluster and all its nodes are gone when it is closed', async () => {
  const cluster = await startRedisCluster();
  const pids = cluster.nodes.map(({ pid }) => pid);
  expect(pids.map(isAlive)).toEqual([true, true, true]);
  await cluster.close();
  expect(pids.map(isAlive)).toEqual([false, false, false]);
});

it('a sentinel makes the replica master when the master is killed, and takes it back as replica', {
  timeout: 180_000,
}, async () => {
  await using group = await startRedisSentinel();
  const old = await group.master();
  expect(old).toBe(group.servers[0]);
  const replica = clientOf(group.servers[1] ?? old);
  await clientOf(old).set('key', 'value');
  await until('the value to be replicated', async () => (await replica.get('key')) === 'value');
  await expect(replica.set('key', 'other')).rejects.toThrow('READONLY');

  await old.kill();
  const next = await group.failover(old);
  expect(next).toBe(group.servers[1]);
  await until('the new master to take writes', async () => (await clientOf(next).set('key', 'new')) === 'OK');

  await old.start();
  const back = clientOf(old);
  // A sentinel waits 8 s, and then for its next INFO, until it takes a master that came back for a replica.
  await until('the old master to follow', async () => (await back.get('key')) === 'new', { timeout: 60_000 });
  await expect(back.set('key', 'other')).rejects.toThrow('READONLY');
  expect(await group.master()).toBe(next);
});
