import { recordCalls } from '@parley/testing';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { KafkaAdmin } from '../src/index.ts';
import { KafkaStage } from './kafka-stage.ts';

describe('TLS', () => {
  const stage = KafkaStage.use({ tls: true });

  it('carries everything, for those who trust the broker', async () => {
    const ssl = { ca: [stage.broker.tls?.ca ?? ''] };
    const handler = recordCalls();
    const everywhere = recordCalls();
    await stage.service(
      (host) =>
        host
          .message('echo', (data) => data)
          .event('seen', handler)
          .event('seen', everywhere, { broadcast: true }),
      { ssl },
    );
    const client = stage.client({ ssl });
    expect(await client.send('echo', { id: 1 })).toEqual({ id: 1 });
    await client.emit('seen', 1);
    await stage.until(() => handler.calls.length === 1 && everywhere.calls.length === 1, 'the event came');
    expect(await Array.fromAsync(stage.deadLetters({ ssl }).list())).toEqual([]);
  });

  it('is refused at once, naming the option, where the broker is not trusted', async () => {
    const refused = { code: 400, message: expect.stringContaining('"ssl"') as string };
    await expect(stage.client({ ssl: true }).connect()).rejects.toMatchObject(refused);
    const starting = stage.service((host) => host.message('echo', (data) => data), { ssl: true });
    await expect(starting).rejects.toMatchObject(refused);
  });

  it('that one side does not speak is named as what may be wrong', async () => {
    const unsure = { code: 503, message: expect.stringContaining('"ssl"') as string };
    await expect(stage.client().connect()).rejects.toMatchObject(unsure);
  });
});

describe('TLS to a broker that does not speak it', () => {
  const stage = KafkaStage.use();

  it('is named as what may be wrong', async () => {
    const error = { message: expect.stringContaining('"ssl"') as string };
    await expect(stage.client({ ssl: true }).connect()).rejects.toMatchObject(error);
  });
});

describe('rights that are missing', () => {
  const sasl = { mechanism: 'plain', username: 'alice', password: 'secret' } as const;
  const stage = KafkaStage.use({
    sasl,
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': 'true',
    },
  });
  /** Of a topic or group that has rules, what no rule allows is forbidden. */
  async function deny(
    resourceType: AclResourceTypes,
    resourceName: string,
    operation: AclOperationTypes,
    allowed: readonly AclOperationTypes[] = [],
  ) {
    // With a topic of its own for answers, so that no rule is about it.
    const client = stage.client({ sasl, clientId: 'ruler' });
    await client.connect();
    const rule = (which: AclOperationTypes, permissionType: AclPermissionTypes) => ({
      resourceType,
      resourceName: resourceType === CLUSTER ? resourceName : stage.prefix + resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:alice',
      host: '*',
      operation: which,
      permissionType,
    });
    const acl = [rule(operation, AclPermissionTypes.DENY)];
    for (const which of allowed) acl.push(rule(which, AclPermissionTypes.ALLOW));
    const admin = client.unwrap(KafkaAdmin);
    await admin.createAcls({ acl });
    // Brokers hold it a moment later, each for itself.
    const filter = rule(AclOperationTypes.ANY, AclPermissionTypes.ANY);
    await stage.until(async () => {
      const { resources } = await admin.describeAcls(filter);
      return resources.flatMap(({ acls }) => acls).length >= acl.length;
    }, 'the rules hold');
    return async () => void (await admin.deleteAcls({ filters: acl }));
  }

  /** Rules take a moment to hold. */
  async function codeOf(call: () => Promise<unknown>, code: number): Promise<void> {
    await stage.until(
      async () =>
        (await call().then(
          () => 0,
          (error: { code: number }) => error.code,
        )) === code,
      `it ends with ${code}`,
    );
  }

  const { TOPIC, GROUP, CLUSTER } = AclResourceTypes;
  const { ALTER, CREATE, READ, WRITE, DESCRIBE } = AclOperationTypes;

  it('to write an event are named', async () => {
    const client = stage.client({ sasl });
    await client.emit('paid', 1);
    await deny(TOPIC, 'paid', WRITE);
    await codeOf(() => client.emit('paid', 2), 403);
    const message = expect.stringContaining(`${stage.prefix}paid`) as string;
    await expect(client.emit('paid', 3)).rejects.toMatchObject({ code: 403, message });
  });

  it('to make a topic are named, with what is missing', async () => {
    const client = stage.client({ sasl });
    await client.connect();
    await deny(TOPIC, 'paid', CREATE, [READ, WRITE, DESCRIBE]);
    const allow = await deny(CLUSTER, 'kafka-cluster', CREATE, [ALTER, DESCRIBE]);
    try {
      const admin = client.unwrap(KafkaAdmin);
      const topics = [{ topic: `${stage.prefix}paid` }];
      // Those who make topics hold the rules a moment later, too: once made it would be there.
      await stage.until(
        () =>
          admin.createTopics({ validateOnly: true, topics }).then(
            () => false,
            (error: { errors?: { type?: string }[] }) => error.errors?.[0]?.type === 'TOPIC_AUTHORIZATION_FAILED',
          ),
        'it is forbidden',
      );
      await codeOf(() => client.emit('paid', 1), 403);
      const message = expect.stringMatching(`create the topic "${stage.prefix}paid": .* Create `) as string;
      const refused = { code: 403, message };
      await expect(client.emit('paid', 2)).rejects.toMatchObject(refused);
      const starting = stage.service((host) => host.event('paid', () => undefined), { sasl });
      await expect(starting).rejects.toMatchObject(refused);
    } finally {
      await allow();
    }
  });

  it('to read the topic of the answers are named, too', async () => {
    const first = stage.client({ sasl });
    await first.connect();
    // It makes the topic, and would tell that it cannot read it any more.
    await first.close();
    await deny(TOPIC, 'parley.replies.parley', READ, [WRITE, DESCRIBE]);
    const message = expect.stringContaining(`"${stage.prefix}parley.replies.parley"`) as string;
    // Where it begins it may ask; reading comes later.
    const client = stage.client({ sasl });
    await client.connect();
    await stage.until(() => client.status.state === 'disconnected', 'it was noticed');
    await expect(client.send('echo', 1)).rejects.toMatchObject({ code: 503, message });
    expect(stage.log).toEqual([expect.objectContaining({ message })]);
  });

  it('to join the group keep a service from starting, at once', async () => {
    await deny(GROUP, 'service', READ);
    const begun = performance.now();
    const starting = stage.service((host) => host.event('paid', () => undefined), { sasl });
    const message = expect.stringContaining(`${stage.prefix}service`) as string;
    await expect(starting).rejects.toMatchObject({ code: 403, message });
    // What may heal it would try again for 20 s.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('to look at a topic are not taken for a topic that is missing', async () => {
    const client = stage.client({ sasl });
    await client.emit('paid', 1);
    await deny(TOPIC, 'paid', DESCRIBE);
    const other = stage.client({ sasl, createTopics: false });
    await codeOf(() => other.emit('paid', 1), 403);
  });

  it('to write dead letters keep an event where it is, with a warning, until they are given', async () => {
    const handler = recordCalls((data) => {
      if (data === 1) throw new Error('dies');
    });
    await stage.service((host) => host.event('paid', handler, { retry: { attempts: 1 } }), { sasl });
    const allow = await deny(TOPIC, 'paid.dlt', WRITE);
    const client = stage.client({ sasl });
    await client.emit('paid', 1, { key: 'k' });
    await client.emit('paid', 2, { key: 'k' });
    await stage.until(() => stage.log.some(({ message }) => message.includes('dead letters')), 'it was told');
    expect(handler.calls.map(({ data }) => data)).toEqual([1]);
    await allow();
    await stage.until(() => handler.calls.length === 2, 'the next one of its key came');
    expect(await Array.fromAsync(stage.deadLetters({ sasl }).list())).toHaveLength(1);
  });
});
