import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { recordCalls } from '@parley/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { kafka } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

/** What Git does not see. */
const folder = new URL('../.reports/', import.meta.url);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block);

const stage = KafkaStage.use();

it('the code of the README runs, and prints what it says', async () => {
  let isBroken = true;
  const redriven = recordCalls(() => {
    if (isBroken) throw new Error('closed');
  });
  const lost = () => {
    throw new Error('no such order');
  };
  // As the README's: no prefix at all.
  const options = { ...stage.options(), prefix: undefined };
  const retry = { retry: { attempts: 1 } };
  await stage.host(kafka({ ...options, group: 'orders' }), (host) =>
    host.event('order.lost', lost, retry).event('order.paid', redriven, retry),
  );
  const client = stage.client(options);
  for (const pattern of ['order.lost', 'order.paid']) await client.emit(pattern, 7);
  const left = () => Array.fromAsync(stage.deadLetters(options).list());
  await stage.until(async () => (await left()).length === 2, 'there were dead letters');
  isBroken = false;

  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL('readme.ts', folder));
  const code = blocks.join('\n').replaceAll("'127.0.0.1:9092'", JSON.stringify(stage.broker.brokers[0]));
  writeFileSync(file, code.replaceAll("'@parley/transport-kafka'", "'../src/index.ts'"));
  const log = vi.spyOn(console, 'log').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  await import(file);

  const died = (pattern: string, error: string) => [
    expect.any(Date),
    pattern,
    1,
    expect.objectContaining({ error, code: 500 }),
  ];
  expect(log.mock.calls).toEqual([[42], died('order.lost', 'no such order'), died('order.paid', 'closed')]);
  await stage.until(() => redriven.calls.length === 2, 'the letter that was put back was handled');
  expect(redriven.calls.map(({ data }) => data)).toEqual([7, 7]);
  expect(await left()).toEqual([]);
});
