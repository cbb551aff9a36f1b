import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaOptions } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';
import { expectNoSecret, refusalOf, secret, serviceRefusalOf, timesLogged } from './refusals.ts';

type Case = [what: string, options: Partial<KafkaOptions>, code: number, says: RegExp];

describe('a broker without TLS and log in', () => {
  const stage = KafkaStage.use();
  const plain = { mechanism: 'plain', username: 'alice', password: secret } as const;
  const scram = { mechanism: 'scram-sha-512', username: 'alice', password: secret } as const;

  it.each<Case>([
    ['TLS', { ssl: true }, 503, /hung up before TLS was established.*\(option "ssl"\)/],
    ['a log in', { sasl: plain }, 400, /wants no log in there.*Leave the option "sasl" away/],
    ['a log in in several steps', { sasl: scram }, 400, /wants no log in there.*Leave the option "sasl" away/],
    [
      'more copies than there are brokers',
      { topics: { replication: 3 } },
      400,
      /replication factor of 3 cannot be reached because only 1 broker\(s\) are registered.*Check the option "topics\.replication"/,
    ],
  ])('refuses %s, and says what to change', async (_, options, code, says) => {
    const error = await refusalOf(stage, options);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) as string });
    expect(error.message).toContain(options.topics === undefined ? stage.broker.brokers[0] : 'parley.replies');
    expect(await serviceRefusalOf(stage, { ...options, clientId: 'parley' }, code)).toMatchObject({ code });
  });

  it('refuses a setting of topics that it does not know, by its name', async () => {
    const options = { topics: { config: { 'foo.bar': '1' } } };
    const says = new RegExp(`topic "${stage.prefix}event": Unknown topic config name: foo\\.bar.*"topics\\.config"`);
    const refused = { code: 400, message: expect.stringMatching(says) as string };
    await expect(stage.client(options).emit('event', 1)).rejects.toMatchObject(refused);
    expect(await serviceRefusalOf(stage, options)).toMatchObject(refused);
  });

  it('refuses a session that is too short, and says how long it may be', async () => {
    const error = await serviceRefusalOf(stage, { sessionTimeout: 200, heartbeatInterval: 50 });
    expect(error.code).toBe(400);
    expect(error.message).toMatch(/"sessionTimeout".*group\.min\.session\.timeout\.ms/);
  });
});

describe('a broker with TLS', () => {
  const stage = KafkaStage.use({ tls: true });

  it('hangs up on who does not speak it', async () => {
    const error = await refusalOf(stage, {});
    expect(error.code).toBe(503);
    expect(error.message).toContain(`Cannot use Kafka at ${stage.broker.brokers[0]}: it hung up without a word.`);
    expect(error.message).toContain('(option "ssl")');
    expect(timesLogged(stage, error)).toBe(1);
  });

  it('is not trusted by who does not know its authority, nor under another name', async () => {
    const untrusted = await refusalOf(stage, { ssl: true });
    expect(untrusted).toMatchObject({ code: 400, message: expect.stringContaining('option "ssl": { ca }') as string });
    const ssl = { ca: stage.broker.tls?.ca ?? '', servername: 'kafka.example.com' };
    const misnamed = await refusalOf(stage, { ssl });
    expect(misnamed.code).toBe(400);
    expect(misnamed.message).toMatch(/another host.*"brokers".*{ servername }.*kafka\.example\.com.*localhost/);
  });
});

describe('a broker that wants certificates of its clients', () => {
  const stage = KafkaStage.use({ tls: true, properties: { 'ssl.client.auth': 'required' } });

  it('refuses who has none', async () => {
    const error = await refusalOf(stage, { ssl: { ca: stage.broker.tls?.ca ?? '' } });
    expect(error.code).toBe(400);
    expect(error.message).toMatch(/wants a certificate of this client.*"ssl": { cert, key }/);
  });
});

describe('a broker with a log in', () => {
  const mechanism = 'scram-sha-256';
  const stage = KafkaStage.use({ sasl: { mechanism, username: 'alice', password: 'secret' } });

  it.each<Case>([
    ['none', {}, 503, /hung up when it was asked for something without a log in\..*\(option "sasl"\)/],
    [
      'another one',
      { sasl: { mechanism: 'plain', username: 'alice', password: secret } },
      400,
      /does not take this way to log in\. It takes "scram-sha-256": give that as "sasl\.mechanism"/,
    ],
    [
      'one of our own that it does not have',
      { sasl: { mechanism: 'mine', authenticationProvider: () => ({ authenticate: () => Promise.resolve() }) } },
      400,
      /It takes "scram-sha-256"/,
    ],
    ['a wrong password', { sasl: { mechanism, username: 'alice', password: secret } }, 401, /Check the option "sasl"/],
    ['an unknown user', { sasl: { mechanism, username: 'bob', password: secret } }, 401, /Check the option "sasl"/],
  ])('says of %s what is wrong', async (_, options, code, says) => {
    const error = await refusalOf(stage, options);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) as string });
    expect(error.message).toContain(stage.broker.brokers[0]);
    expect(await serviceRefusalOf(stage, options, code)).toMatchObject({ code });
  });

  it('is not to blame for a function that fails to log in: that may heal', async () => {
    const fetching = (): never => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 10.0.0.1:443') });
    };
    const error = await refusalOf(stage, { sasl: { mechanism, authenticationProvider: fetching } });
    expect(error.code).toBe(503);
    expect(error.message).toMatch(/in the option "sasl" failed: fetch failed: connect ECONNREFUSED 10\.0\.0\.1:443$/);
  });

  it('that goes away during a log in has not refused the password', async () => {
    const cutter = await cutAfter(2, stage.broker.brokers[0] ?? '');
    const sasl = { mechanism, username: 'alice', password: 'secret' } as const;
    const error = await refusalOf(stage, { brokers: [cutter.address], sasl });
    expect(error).toMatchObject({ code: 503, message: expect.stringContaining('during the log in') as string });
    await cutter.close();
  });
});

describe('a broker that takes tokens', () => {
  const tokens = 'listener.name.clients.oauthbearer.sasl';
  const package_ = 'org.apache.kafka.common.security.oauthbearer';
  const stage = KafkaStage.use({
    sasl: { mechanism: 'plain', username: 'unused', password: 'unused' },
    properties: {
      'sasl.enabled.mechanisms': 'OAUTHBEARER',
      // So long a log in lasts: less than kafkajs's own 10 s before its end, at which it logs in anew.
      'listener.name.clients.oauthbearer.connections.max.reauth.ms': '3000',
      [`${tokens}.jaas.config`]: `${package_}.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="kafka";`,
      [`${tokens}.server.callback.handler.class`]: `${package_}.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
    },
  });
  /** Without a signature, which this broker does not look for. */
  const tokenUntil = (exp: number): string => {
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
    return `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: exp - 1000, exp })}.`;
  };
  const withToken = (token: string) =>
    ({ mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: token }) }) as const;
  const now = (): number => Math.floor(Date.now() / 1000);

  it('lets in whose token is right', async () => {
    const sasl = withToken(tokenUntil(now() + 900));
    await stage.service((host) => host.message('echo', (data) => data), { sasl });
    expect(await stage.client({ sasl }).send('echo', 1)).toBe(1);
  });

  it('refuses one that is over, and does not show it', async () => {
    const token = tokenUntil(now() - 100);
    const error = await refusalOf(stage, { sasl: withToken(token) });
    expect(error.code).toBe(401);
    expect(error.message).toMatch(/refuses the credentials.*"sasl".*token is refused: {"status":"invalid_token"/);
    expect(inspect(error, { depth: 9 })).not.toContain(token);
  });

  it('is logged in to anew while the link is up; when that fails it is told why, and used again when it does not', async () => {
    let token = tokenUntil(now() + 900);
    let logins = 0;
    const oauthBearerProvider = () => {
      logins += 1;
      return Promise.resolve({ value: token });
    };
    const client = stage.client({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } });
    await client.connect();
    const before = logins;
    await stage.until(() => logins > before + 1, 'it had logged in anew');
    expect(client.status.state).toBe('ready');
    expect(stage.log).toEqual([]);
    token = tokenUntil(now() - 100);
    await stage.until(() => client.status.state === 'disconnected', 'it was refused');
    const message = expect.stringContaining('the token is refused') as string;
    await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503, message });
    token = tokenUntil(now() + 900);
    await stage.until(() => client.status.state === 'ready', 'it was let in again');
    await client.emit('event', 1);
  });

  it('is not asked when there is no token to be had: that may heal', async () => {
    const oauthBearerProvider = (): never => {
      throw new Error('the vault is sealed');
    };
    const error = await refusalOf(stage, { sasl: { mechanism: 'oauthbearer', oauthBearerProvider } });
    expect(error).toMatchObject({ code: 503, message: expect.stringContaining('the vault is sealed') as string });
  });
});

describe('what is no Kafka', () => {
  const stage = KafkaStage.use();
  const silent = createServer((socket) => socket.on('error', () => undefined));
  const web = createHttpServer((_, response) => response.end());
  beforeAll(() => Promise.all([silent, web].map(listen)));
  afterAll(() => {
    silent.close();
    web.close();
  });

  it('but says nothing, is given up soon, and told of once, however often it is tried', async () => {
    let tried = 0;
    const socketFactory: NonNullable<KafkaOptions['kafkajs']>['socketFactory'] = ({ host, port, onConnect }) => {
      tried += 1;
      return connect({ host, port }, onConnect);
    };
    const error = await refusalOf(stage, {
      brokers: [addressOf(silent)],
      kafkajs: { connectionTimeout: 500, socketFactory },
    });
    expect(error.code).toBe(503);
    expect(error.message).toMatch(/does not answer as Kafka does\. Is it Kafka.*"ssl"/);
    await stage.until(() => tried > 4, 'it was tried again');
    expect(timesLogged(stage, error)).toBe(1);
  });

  it('but waits for the other side to speak TLS, either', async () => {
    const options = { brokers: [addressOf(silent)], ssl: true, kafkajs: { connectionTimeout: 500 } };
    const error = await refusalOf(stage, options);
    expect(error.code).toBe(503);
    expect(error.message).toMatch(/did not answer in time.*"ssl", "kafkajs\.connectionTimeout"/);
  });

  it('but hangs up', async () => {
    const error = await refusalOf(stage, { brokers: [addressOf(web)] });
    expect(error).toMatchObject({ code: 503, message: expect.stringContaining('is it Kafka?') as string });
  });

  it('but a name that nobody knows', async () => {
    const error = await refusalOf(stage, { brokers: ['nowhere.invalid:9092'], kafkajs: patientWithDns });
    expect(error.code).toBe(503);
    // What resolvers say of it where there is no network.
    expect(error.message).toMatch(
      /at nowhere\.invalid:9092: the (host name is not known|DNS did not answer).*"brokers"/,
    );
  });
});

describe('brokers that name themselves wrongly', () => {
  const stage = KafkaStage.use({ properties: { 'advertised.listeners': 'CLIENTS://nowhere.invalid:9092' } });

  it('are told from addresses that the user got wrong', async () => {
    const error = await refusalOf(stage, { kafkajs: patientWithDns });
    expect(error.code).toBe(503);
    expect(error.message).toMatch(/Kafka at nowhere\.invalid:9092: .*advertised\.listeners/);
    expectNoSecret(error);
  });
});

describe('brokers too few for their own settings', () => {
  const stage = KafkaStage.use({ properties: { 'offsets.topic.replication.factor': '3' } });

  it('cannot have groups: a service that waits for one says why, once', async () => {
    const starting = stage.service((host) => host.message('echo', (data) => data)).catch((reason: unknown) => reason);
    const reasons = () => stage.log.filter(({ message }) => message.includes('offsets.topic.replication.factor'));
    await stage.until(() => reasons().length > 0, 'it was told');
    expect(reasons()).toHaveLength(1);
    expect(reasons()[0]?.message).toContain(`group "${stage.prefix}service.rpc"`);
    await stage.clear();
    expect(await starting).toMatchObject({ code: 503 });
  });
});

/** Resolvers ask again after 5 s when a question was lost. */
const patientWithDns = { connectionTimeout: 9000 };

/** A way to a broker that ends when so many answers have come through. */
async function cutAfter(answers: number, broker: string): Promise<{ address: string; close(): Promise<void> }> {
  const [host = '', port] = broker.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(port) });
    let left = answers;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      // Each request waits for the answer to the one before.
      if (left > 0) upstream.write(chunk);
      else client.end();
    });
    upstream.on('data', (chunk) => {
      left -= 1;
      client.write(chunk);
    });
  });
  await listen(server);
  return {
    address: addressOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
