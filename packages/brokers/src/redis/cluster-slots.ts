import type { Redis } from 'ioredis';
import { until } from '../shared/until.ts';
import type { LocalRedis } from './local-redis.ts';

/** How many slots a cluster has. */
export const slotCount = 16_384;

/** How many keys one MIGRATE takes. */
const batch = 100;

/** The node that has a slot, as one that runs tells it. @throws Error if none has. */
export async function nodeOfSlot(
  nodes: readonly LocalRedis[],
  slot: number,
  asked = nodes.find((node) => node.pid !== undefined),
): Promise<LocalRedis> {
  const ranges = (await asked?.admin((redis) => redis.call('CLUSTER', 'SLOTS'))) as
    | [from: number, to: number, master: [host: string, port: number]][]
    | undefined;
  const range = ranges?.find(([from, to]) => from <= slot && slot <= to);
  const node = nodes.find(({ port }) => port === range?.[2][1]);
  if (node === undefined) throw new Error(`no node has slot ${slot}`);
  return node;
}

/** Step by step as redis-cli does it, so that clients meet ASK and then MOVED. */
export async function moveSlot(nodes: readonly LocalRedis[], slot: number, to: LocalRedis): Promise<void> {
  const from = await nodeOfSlot(nodes, slot);
  if (from === to) return;
  const [fromId, toId] = await Promise.all(
    [from, to].map((node) => node.admin((redis) => redis.call('CLUSTER', 'MYID'))),
  );
  const set = (node: LocalRedis, ...state: string[]): Promise<unknown> =>
    node.admin((redis) => redis.call('CLUSTER', 'SETSLOT', slot, ...state));
  await set(to, 'IMPORTING', String(fromId));
  await set(from, 'MIGRATING', String(toId));
  await from.admin((redis) => moveKeys(redis, slot, to));
  // The new owner first: if this ends halfway, the slot is its.
  for (const node of new Set([to, from, ...nodes])) await set(node, 'NODE', String(toId));
  // What the old owner said before may arrive after, and is believed until the new owner's epoch has gone round.
  await until(`every node to know who has slot ${slot}`, async () => {
    const owners = await Promise.all(nodes.map((node) => nodeOfSlot(nodes, slot, node)));
    return owners.every((owner) => owner === to);
  });
}

async function moveKeys(redis: Redis, slot: number, to: LocalRedis): Promise<void> {
  for (;;) {
    const keys = (await redis.call('CLUSTER', 'GETKEYSINSLOT', slot, batch)) as string[];
    if (keys.length === 0) return;
    await redis.call('MIGRATE', to.host, to.port, '', 0, 5_000, 'KEYS', ...keys);
  }
}
