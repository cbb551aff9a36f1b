import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { kafka } from './kafka.ts';
import { type KafkaOptions, resolveKafkaOptions } from './kafka-options.ts';
import type { SaslOptions } from './options/connection-options.ts';

const brokers = ['127.0.0.1:9092'];
/** Options that have options. */
const parents = ['topics', 'kafkajs', 'sasl', 'ssl'];

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
    ['sasl.mechanism', { sasl: {} }],
    ['sasl.mechanism', { sasl: { mechanism: 'foo' } }],
    ['sasl.mechanism', { sasl: { mechanism: 'constructor', username: 'a', password: 'b' } }],
    ['sasl.mechanism', { sasl: { mechanism: '', authenticationProvider: () => undefined } }],
    ['sasl.password', { sasl: { mechanism: 'plain', username: 'a' } }],
    ['sasl.username', { sasl: { mechanism: 'scram-sha-256', username: '', password: 'b' } }],
    ['sasl.user', { sasl: { mechanism: 'scram-sha-512', user: 'a', password: 'b' } }],
    ['sasl.secretAccessKey', { sasl: { mechanism: 'aws', authorizationIdentity: 'a', accessKeyId: 'b' } }],
    ['sasl.oauthBearerProvider', { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: 'token' } }],
    ['sasl.authenticationProvider', { sasl: { mechanism: 'mine', authenticationProvider: 5 } }],
    ['ssl.ca', { ssl: { ca: '/etc/ssl/ca.pem' } }],
    ['ssl.key', { ssl: { key: ['/etc/ssl/key.pem'] } }],
    ['ssl', { ssl: { ciphers: 'none-such' } }],
    ['ssl', { ssl: { key: '-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----' } }],
    ['kafkajs', 5],
    ['kafkajs.retry', { kafkajs: { retry: { retries: -1 } } }],
    ['kafkajs.brokers', { kafkajs: { brokers: [] } }],
    ['kafkajs.requestTimeOut', { kafkajs: { requestTimeOut: 1000 } }],
    ['kafkajs.socketFactory', { kafkajs: { socketFactory: 5 } }],
    ['kafkajs.connectionTimeout', { kafkajs: { connectionTimeout: 'x' } }],
    ['kafkajs.connectionTimeout', { kafkajs: { connectionTimeout: 0 } }],
    ['kafkajs.requestTimeout', { kafkajs: { requestTimeout: -1 } }],
    ['kafkajs.requestTimeout', { kafkajs: { requestTimeout: Number.POSITIVE_INFINITY } }],
    ['kafkajs.authenticationTimeout', { kafkajs: { authenticationTimeout: Number.NaN } }],
    ['kafkajs.reauthenticationThreshold', { kafkajs: { reauthenticationThreshold: '10s' } }],
    ['retry', { retries: -1 }],
    ['acks', 2],
    ['acks', 'all'],
    ['idempotent', 'yes'],
    ['compression', 'zip'],
    ['topics.partitions', { topics: { partitions: 0 } }],
    ['topics.replication', { topics: { replication: 0 } }],
    ['topics.eventRetention', { topics: { eventRetention: -2 } }],
    ['topics.replyRetention', { topics: { replyRetention: 1 } }],
    ['topics.config', { topics: { config: { a: 1 } } }],
    ['topics.segments', { topics: { segments: 1 } }],
    ['topics.eventRetention', { topics: { eventRetention: 1000, config: { 'retention.ms': '2000' } } }],
    ['topics', 5],
    ['topics', null],
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
    const isAll = typeof value === 'object' && value !== null && parents.some((parent) => parent in value);
    const refused = () => kafka(isAll ? { brokers, ...value } : { brokers, [name]: value });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/^kafka: /);
    expect(refused).toThrow(`"${name}"`);
  });

  it('are refused together, too', () => {
    expect(() => resolveKafkaOptions({ brokers, idempotent: true, acks: 1 })).toThrow('"idempotent" needs "acks"');
    expect(() => resolveKafkaOptions({ brokers, clientId: 'x'.repeat(240) })).toThrow(/client id .* 249/);
    expect(() => kafka()).toThrow('"brokers"');
  });

  it('say what is allowed', () => {
    const refusal = (options: object): string => {
      try {
        kafka({ brokers, ...options });
        return 'not refused';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refusal({ kafkajs: { connectionTimeout: 'x' } })).toMatch(
      /"kafkajs.connectionTimeout" must be milliseconds from 100 to 2147483647, got "x"$/,
    );
    expect(refusal({ kafkajs: { foo: 1 } })).toMatch(/no option "kafkajs.foo"; the options are kafkajs.connectionTime/);
    expect(refusal({ kafkajs: { ssl: true } })).toMatch(/give "ssl" beside "kafkajs"/);
    const mechanism = refusal({ sasl: { mechanism: 'foo' } });
    for (const name of ['plain', 'scram-sha-256', 'scram-sha-512', 'aws', 'oauthbearer', 'authenticationProvider'])
      expect(mechanism).toContain(`"${name}"`);
    expect(mechanism).toMatch(/got "foo"$/);
    expect(refusal({ sasl: { mechanism: 'plain', user: 'a' } })).toContain('sasl.username, sasl.password');
    expect(refusal({ ssl: { ca: '/etc/ca.pem' } })).toContain('not its path');
  });

  it('take every way to log in that kafkajs has, in any case', () => {
    const provider = () => ({ authenticate: () => Promise.resolve() });
    const oauthBearerProvider = () => Promise.resolve({ value: 'token' });
    const aws = { authorizationIdentity: 'a', accessKeyId: 'b', secretAccessKey: 'c' };
    for (const sasl of [
      { mechanism: 'PLAIN', username: 'a', password: 'b' },
      { mechanism: 'scram-sha-512', username: 'a', password: 'b', authorizationIdentity: 'c' },
      { mechanism: 'aws', ...aws },
      { mechanism: 'aws', ...aws, sessionToken: 'd' },
      { mechanism: 'oauthbearer', oauthBearerProvider },
      { mechanism: 'gssapi', authenticationProvider: provider, realm: 'x' },
    ]) {
      const resolved = resolveKafkaOptions({ brokers, sasl: sasl as SaslOptions }).connection.sasl;
      expect(resolved).toEqual({ ...sasl, mechanism: sasl.mechanism.toLowerCase() });
      expect(resolved).not.toBe(sasl);
    }
  });

  it('that are wrong do not end in an error with a secret in it', () => {
    const secret = 'hunter2';
    const number = 73_190_442;
    for (const options of [
      { sasl: { mechanism: 'plain', username: '', password: secret } },
      { sasl: { mechanism: 'plain', username: 'a', password: number } },
      { sasl: { mechanism: 'foo', username: 'a', password: secret } },
      { sasl: { mechanism: 'plain', username: 'a', passwort: secret } },
      { sasl: { mechanism: 'aws', authorizationIdentity: 'a', accessKeyId: number, secretAccessKey: secret } },
      { sasl: secret },
      { ssl: { key: secret } },
      { ssl: { key: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----` } },
      { ssl: { key: number } },
      { brokers: [`kafka://alice:${secret}@127.0.0.1:9092`] },
      { brokers: [`alice:${secret}@127.0.0.1:9092`] },
    ]) {
      let refusal: unknown;
      try {
        kafka({ brokers, ...options } as unknown as KafkaOptions);
      } catch (error) {
        refusal = error;
      }
      const shown = inspect(refusal, { depth: 9, showHidden: true });
      expect(shown).toContain('RpcException');
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(String(number));
    }
  });
});
