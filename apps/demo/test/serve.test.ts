import { expect, test, vi } from 'vitest';
import { Demo, isAlive } from './run-demo.ts';

// Longer than the demo gives itself: what it says then is better than that it took too long.
vi.setConfig({ testTimeout: 180_000 });

const body = { name: 'Grace', email: 'grace@example.org', city: 'Arlington', born: '1906-12-09' };

async function served(...args: string[]): Promise<{ demo: Demo; gateway: string }> {
  const demo = new Demo('--serve', ...args);
  const [, gateway = ''] = await demo.printed(/gateway service: .*(http:\S+)[^]*Ctrl-C ends it/);
  return { demo, gateway };
}

test.each(['memory', 'tcp', 'redis', 'kafka'])('over %s --serve answers HTTP until Ctrl-C', async (transport) => {
  const { demo, gateway } = await served('--transport', transport);
  using _ = demo;
  const get = async (path: string): Promise<unknown> => (await fetch(gateway + path)).json();
  const post = (text: string) => fetch(`${gateway}/users`, { method: 'POST', body: text });

  expect(await get('/users?page=2&size=5')).toMatchObject({ users: { length: 5, 0: { id: 6 } }, total: 300 });
  expect(await get('/users?page=x')).toMatchObject({ code: 422 });
  expect(await get('/users/300')).toMatchObject({ id: 300 });
  expect((await fetch(`${gateway}/users/301`)).status).toBe(404);

  const watched = await fetch(`${gateway}/notifications`);
  expect((await post(JSON.stringify(body))).status).toBe(201);
  expect((await post(JSON.stringify(body))).status).toBe(409);
  expect((await post('{"name":""}')).status).toBe(422);
  expect((await post('{')).status).toBe(400);
  const { value } = await (watched.body as ReadableStream<Uint8Array>).getReader().read();
  expect(JSON.parse(new TextDecoder().decode(value).split('\n')[0] ?? '')).toMatchObject({ userId: 301 });

  const lines = (await (await fetch(`${gateway}/users/export`)).text()).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual(lines.map((_, index) => index + 1));
  const health = (await get('/health')) as object;
  expect(Object.values(health)).toMatchObject([{ client: { state: 'ready' } }, { client: { state: 'ready' } }]);

  const pids = demo.servicePids;
  demo.kill('SIGINT');
  // npm sends on what the terminal sent already.
  demo.kill('SIGINT');
  await demo.endsWith(0);
  expect(demo.output).toMatch(/gateway service: closed[^]*users service: closed[^]*notifications service: closed/);
  expect(pids.filter(isAlive)).toEqual([]);
});

test.each(['SIGKILL', 'SIGTERM'] as const)('no service outlives the demo (%s)', async (signal) => {
  const { demo } = await served();
  using _ = demo;
  expect(demo.servicePids).toHaveLength(3);
  demo.kill(signal);
  await demo.ends();
  await expect.poll(() => demo.servicePids.filter(isAlive), { timeout: 30_000 }).toEqual([]);
});

test('a service that dies by itself ends the demo', async () => {
  const { demo } = await served();
  using _ = demo;
  process.kill(demo.servicePids[1] as number, 'SIGKILL');
  await demo.endsWith(1);
  expect(demo.output).toContain('The users service has ended unexpectedly (SIGKILL)');
});

test('a port that is taken is said', async () => {
  const { demo, gateway } = await served('--transport', 'memory');
  using _ = demo;
  using second = new Demo('--serve', '--port', new URL(gateway).port);
  await second.endsWith(1);
  expect(second.output).toContain('EADDRINUSE');
});
