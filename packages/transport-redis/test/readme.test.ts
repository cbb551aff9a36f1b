import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { redisDeadLetters } from '../src/index.ts';
import { StreamsStage, until } from './streams-stage.ts';

/** What Git does not see. */
const folder = new URL('../.reports/', import.meta.url);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block);

it('the code of the README runs, and prints what it says', async () => {
  await using stage = await StreamsStage.open();
  const failing = { retry: { attempts: 1 } };
  let isBroken = true;
  const redriven: unknown[] = [];
  await stage.instance(
    (host) =>
      host
        .event('order.lost', () => Promise.reject(new Error('no such order')), failing)
        .event('order.paid', (data) => (isBroken ? Promise.reject(new Error('closed')) : redriven.push(data)), failing),
    { group: 'orders' },
  );
  const client = stage.client();
  for (const pattern of ['order.lost', 'order.paid']) await client.emit(pattern, 7);
  await using letters = redisDeadLetters({ url: stage.server.url });
  const left = () => Array.fromAsync(letters.list());
  await until(async () => (await left()).length === 2, 'there are dead letters');
  isBroken = false;

  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL('readme.ts', folder));
  const code = blocks.join('\n').replaceAll('redis://127.0.0.1:6379', stage.server.url);
  writeFileSync(file, code.replaceAll("'@parley/transport-redis'", "'../src/index.ts'"));
  const log = vi.spyOn(console, 'log').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  await import(file);

  const died = (pattern: string, error: string) => [
    expect.any(Date),
    pattern,
    1,
    expect.objectContaining({ error, code: 500 }),
  ];
  expect(log.mock.calls).toEqual([[42], [42], died('order.lost', 'no such order'), died('order.paid', 'closed')]);
  await until(() => redriven.length === 1, 'the letter that was put back is handled');
  expect(redriven).toEqual([7]);
  expect(await left()).toEqual([]);
});
