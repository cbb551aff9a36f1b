import { describe, expect, it } from 'vitest';
import { kafka } from './kafka.ts';
import { type KafkaOptions, resolveKafkaOptions } from './kafka-options.ts';

const brokers = ['127.0.0.1:9092'];

describe('the options', () => {
  it('have the defaults that their docs name', () => {
    expect(resolveKafkaOptions({ brokers })).toMatchObject({
      connection: { brokers, ssl: undefined, sasl: undefined, kafkajs: {} },
      clientId: 'parley',
      group: undefined,
      repliesTopic: 'parley.replies.parley',
      acks: -1,
      idempotent: false,
      compression: 'none',
      createTopics: true,
      from: 'latest',
      sessionTimeout: 6000,
      heartbeatInterval: 500,
      discoverInterval: 5000,
      maxBody: 1_032_192,
      maxQueued: 64 * 1_048_576,
      prefetch: 10_000,
      topics: {
        partitions: 12,
        replication: undefined,
        eventRetention: undefined,
        requestRetention: 3_600_000,
        replyRetention: 600_000,
        deadLetterRetention: -1,
        config: {},
      },
    });
    expect(kafka({ brokers }).endpoint.concurrency).toBe(256);
    expect(kafka({ brokers, concurrency: 7 }).endpoint.concurrency).toBe(7);
  });

  it('name the service once: its group is what it is called by the brokers, too', () => {
    expect(resolveKafkaOptions({ brokers, group: 'users' })).toMatchObject({
      clientId: 'users',
      repliesTopic: 'parley.replies.users',
    });
    expect(resolveKafkaOptions({ brokers, group: 'users', clientId: 'api', prefix: 'x-' }).repliesTopic).toBe(
      'x-parley.replies.api',
    );
  });

  it('are not changed, and what is made of them does not change with them', () => {
    const mine = ['a:1'];
    const options = Object.freeze({ brokers: mine });
    const resolved = resolveKafkaOptions(options);
    mine.push('b:1');
    expect(resolved.connection.brokers).toEqual(['a:1']);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['brokers', undefined],
    ['brokers', []],
    ['brokers', 'a:1'],
    ['brokers', ['a']],
    ['brokers', ['a:0']],
    ['brokers', ['a:70000']],
    ['brokers', ['kafka://a:1']],
    ['brokers', [5]],
    ['clientId', ''],
    ['clientId', 5],
    ['group', ''],
    ['ssl', 'yes'],
    ['sasl', 'plain'],
    ['sasl', {}],
    ['sasl', { mechanism: 'plain', username: 'a' }],
    ['sasl', { mechanism: 'scram-sha-256', username: '', password: 'b' }],
    ['kafkajs', 5],
    ['retry', { retries: -1 }],
    ['socketFactory', { kafkajs: { socketFactory: 5 } }],
    ['brokers', { kafkajs: { brokers: [] } }],
    ['acks', 2],
    ['acks', 'all'],
    ['idempotent', 'yes'],
    ['compression', 'zip'],
    ['partitions', { topics: { partitions: 0 } }],
    ['replication', { topics: { replication: 0 } }],
    ['eventRetention', { topics: { eventRetention: -2 } }],
    ['replyRetention', { topics: { replyRetention: 1 } }],
    ['config', { topics: { config: { a: 1 } } }],
    ['segments', { topics: { segments: 1 } }],
    ['topics', 5],
    ['createTopics', 'no'],
    ['from', 'now'],
    ['sessionTimeout', 0],
    ['heartbeatInterval', 6000],
    ['discoverInterval', 1],
    ['maxBody', 0],
    ['maxQueued', 5],
    ['prefetch', 0],
    ['prefix', 'a/b'],
    ['prefix', '__a'],
    ['prefix', 'x'.repeat(101)],
    ['timeout', -1],
    ['broker', 'a:1'],
  ])('are refused by name: %s %j', (name, value) => {
    const nested = typeof value === 'object' && value !== null && ('topics' in value || 'kafkajs' in value);
    const refused = () => kafka((nested ? { brokers, ...value } : { brokers, [name]: value }) as KafkaOptions);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/^kafka: /);
    expect(refused).toThrow(`"${name}"`);
  });

  it('are refused together, too', () => {
    expect(() => resolveKafkaOptions({ brokers, idempotent: true, acks: 1 })).toThrow('"idempotent" needs "acks"');
    expect(() => resolveKafkaOptions({ brokers, clientId: 'x'.repeat(240) })).toThrow(/client id .* 249/);
    expect(() => kafka()).toThrow('"brokers"');
  });

  it('that are wrong do not end in an error with a password in it', () => {
    const sasl = { mechanism: 'plain', username: '', password: 'hunter2' } as const;
    expect(() => resolveKafkaOptions({ brokers, sasl })).toThrow(expect.not.stringContaining('hunter2') as string);
  });
});
