import { until } from '@parley/brokers/shared';
import { createMicroservices, provideMicroservices, RpcException } from '@parley/core';
import { expect, it, onTestFinished } from 'vitest';
import { type KafkaOptions, kafka, kafkaDeadLetters } from '../../src/index.ts';
import { clientOfTest, kafkaOfTest, quiet } from './places.ts';

interface Job {
  readonly key: string;
  readonly place: number;
}

const others = 300;
const rowLength = 5;

/**
 * A row with poison at its head and 300 other keys, all in one partition. What the poison does is up to the test.
 */
async function spread(poison: (attempt: number) => unknown, options: Partial<KafkaOptions>) {
  const broker = await kafkaOfTest();
  const { brokers } = broker;
  const handled: string[] = [];
  const settings = { brokers, group: 'service', topics: { partitions: 1 }, ...options };
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'kafka', options: kafka(settings), client: false }])],
    logger: quiet,
  });
  onTestFinished(() => host.close({ timeout: 2000 }));
  host.event<Job>('job', async ({ key, place }, context) => {
    if (key === 'poison' && place === 0) await poison(context.attempt);
    handled.push(`${key}/${place}`);
  });
  await host.start();

  const client = clientOfTest({ brokers });
  const emit = (key: string, place: number) => client.emit('job', { key, place } satisfies Job, { key });
  for (let place = 0; place < rowLength; place += 1) await emit('poison', place);
  await Promise.all(Array.from({ length: others }, (_, index) => emit(`other-${index}`, 0)));
  return {
    handled,
    ofPoison: () => handled.filter((name) => name.startsWith('poison')),
    ofOthers: () => handled.filter((name) => name.startsWith('other')),
    letters: async () => {
      await using letters = kafkaDeadLetters({ brokers });
      return await Array.fromAsync(letters.list());
    },
  };
}

const rest = Array.from({ length: rowLength - 1 }, (_, index) => `poison/${index + 1}`);

it('a handler that hangs holds up only its own key', async () => {
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  const { ofPoison, ofOthers, letters } = await spread(() => gate.promise, {});
  await until('all others', () => ofOthers().length === others);
  expect(ofPoison()).toEqual([]);
  gate.resolve();
  await until('the row', () => ofPoison().length === rowLength);
  expect(ofPoison()).toEqual(['poison/0', ...rest]);
  expect(await letters()).toEqual([]);
});

it('an event that fails again and again delays only its own key, until it is dead', async () => {
  const attempts: number[] = [];
  const fail = (attempt: number): never => {
    attempts.push(attempt);
    throw new Error('poison');
  };
  // Half of it at least, twice: far longer than the others take, on a busy machine, too.
  const retry = { attempts: 3, backoff: { initial: 6000, max: 6000 } };
  const { ofPoison, ofOthers, letters } = await spread(fail, { retry });
  await until('all others', () => ofOthers().length === others);
  expect(attempts.length).toBeLessThan(3);
  expect(ofPoison()).toEqual([]);
  await until('the row', () => ofPoison().length === rest.length);
  expect(attempts).toEqual([1, 2, 3]);
  expect(ofPoison()).toEqual(rest);
  expect(await letters()).toMatchObject([{ key: 'poison', partition: 0, offset: '0', attempts: 3 }]);
});

it('an event that is refused is dead at once', async () => {
  const refuse = (): never => {
    throw new RpcException('cannot be', { code: 400 });
  };
  const { handled, ofPoison, letters } = await spread(refuse, { retry: { attempts: 10 } });
  await until('everything else', () => handled.length === others + rest.length);
  expect(ofPoison()).toEqual(rest);
  expect(await letters()).toMatchObject([{ key: 'poison', attempts: 1, error: { code: 400 } }]);
});
