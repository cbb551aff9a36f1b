import { type Answer, type BaseClient, type BaseTransporter, type Routes, RpcException } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import { event, FakeHub, request, settled } from '../test/fake-hub.ts';
import { MemoryBroker, MemoryClient, type MemoryOptions, memory } from './index.ts';

/** A broker with servers and clients that are bare seam: no core behind them. */
class World {
  readonly broker = new MemoryBroker();

  async server(
    routes: Partial<Routes>,
    options: Omit<MemoryOptions, 'broker'> = {},
  ): Promise<FakeHub & { transporter: BaseTransporter }> {
    const hub = new FakeHub(routes);
    const transporter = memory({ broker: this.broker, ...options }).createTransporter();
    await transporter.listen(hub);
    return Object.assign(hub, { transporter });
  }

  async client(routes: Partial<Routes> = {}): Promise<FakeHub & { client: BaseClient }> {
    const hub = new FakeHub(routes);
    const client = memory({ broker: this.broker }).createClient();
    await client.connect(hub);
    return Object.assign(hub, { client });
  }
}

describe('requests', () => {
  it('go to the members of a group in turn, with a return address as their id', async () => {
    const world = new World();
    const one = await world.server({ messages: ['sum'] });
    const two = await world.server({ messages: ['sum'] });
    const other = await world.server({ messages: ['else'] });
    const client = await world.client();
    for (const id of [1, 2, 3, 4]) expect(client.link.send(request('sum', { id }))).toBeUndefined();
    const ids = (hub: FakeHub) => hub.received.map(({ envelope }) => 'id' in envelope && envelope.id);
    await settled();
    expect(ids(one)).toEqual(['client-4/1', 'client-4/3']);
    expect(ids(two)).toEqual(['client-4/2', 'client-4/4']);
    expect(other.received).toEqual([]);
  });

  it('go to one member of each group', async () => {
    const world = new World();
    const servers = [
      await world.server({ messages: ['sum'] }, { group: 'a' }),
      await world.server({ messages: ['sum'] }, { group: 'b' }),
    ];
    const client = await world.client();
    client.send(request('sum'));
    for (const server of servers) expect(await server.patterns()).toEqual(['sum']);
  });

  it('are refused with 503 at once when nobody serves them', async () => {
    const world = new World();
    await world.server({ events: ['sum'], wildcards: ['*'] });
    const client = await world.client();
    await expect(client.link.send(request('sum'))).rejects.toMatchObject({ code: 503, message: 'Nobody serves "sum"' });
  });

  it('never arrive inside of the send that sends them', async () => {
    const world = new World();
    const server = await world.server({ messages: ['sum'] });
    const client = await world.client();
    client.send(request('sum'));
    expect(server.received).toEqual([]);
    expect(await server.patterns()).toEqual(['sum']);
  });

  it('wait for room, and what they wait is taken off their timeout', async () => {
    const world = new World();
    const server = await world.server({ messages: ['sum'] });
    const client = await world.client();
    server.room = 1;
    for (const id of [1, 2, 3]) client.send(request('sum', { id, timeout: id === 3 ? 1 : 60_000 }));
    expect(await server.arrivals()).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    server.room = 2;
    const [, second, third] = await server.arrivals();
    const timeouts = [second, third].map(
      (received) => received?.envelope.kind === 'request' && received.envelope.timeout,
    );
    expect(timeouts[0]).toBeLessThan(60_000);
    expect(timeouts[0]).toBeGreaterThan(50_000);
    expect(timeouts[1]).toBe(-1);
  });

  it('go past a member without room', async () => {
    const world = new World();
    const full = await world.server({ messages: ['sum'] });
    const free = await world.server({ messages: ['sum'] });
    full.room = 0;
    const client = await world.client();
    for (const id of [1, 2]) client.send(request('sum', { id }));
    expect(await free.patterns()).toEqual(['sum', 'sum']);
  });

  it('go to another member when the one that has them dies, and wait for one when there is none', async () => {
    const world = new World();
    const one = await world.server({ messages: ['sum'] });
    const client = await world.client();
    client.send(request('sum'));
    await one.arrivals();
    world.broker.crash('default-1');
    expect(one.told).toEqual(['attached', 'detached']);
    const two = await world.server({ messages: ['sum'] });
    const [received] = await two.arrivals();
    expect(received?.delivery?.attempt).toBe(2);
    one.received[0]?.delivery?.done(); // Too late: it is not its any more.
    await two.transporter.close(0);
    const three = await world.server({ messages: ['sum'] });
    expect((await three.arrivals())[0]?.delivery?.attempt).toBe(3);
  });
});

describe('a request that waits for a member', () => {
  it('is withdrawn when its caller cancels', async () => {
    const world = new World();
    const one = await world.server({ messages: ['sum'] });
    const client = await world.client();
    for (const id of [1, 2]) expect(client.link.send(request('sum', { id }))).toBeUndefined();
    await one.arrivals();
    world.broker.crash('default-1');
    expect(client.link.send({ kind: 'cancel', id: 1, to: undefined, pattern: 'sum' })).toBeUndefined();
    await settled();
    const two = await world.server({ messages: ['sum'] });
    const ids = (await two.arrivals()).map(({ envelope }) => 'id' in envelope && envelope.id);
    expect(ids).toEqual(['client-2/2']);
  });
});

describe('answers and controls', () => {
  async function exchange() {
    const world = new World();
    const server = await world.server({ messages: ['sum'] });
    const other = await world.server({ messages: ['sum'] });
    const client = await world.client();
    client.send(request('sum', { id: 7 }));
    await settled();
    return { world, server, other, client };
  }

  it('come back to the asker under its own number, with who answered', async () => {
    const { server, client } = await exchange();
    const answer: Answer = { kind: 'reply', id: 'client-3/7', seq: 0, last: true, contentType: undefined, body: '1' };
    expect(server.link.send(answer)).toBeUndefined();
    expect(await client.arrivals()).toEqual([
      { envelope: { ...answer, id: 7, from: 'default-1' }, delivery: undefined },
    ]);
  });

  it('reach the one that answered, or all that serve the pattern, paused ones too', async () => {
    const { server, other, client } = await exchange();
    await server.transporter.pause();
    server.received.length = 0;
    client.send({ kind: 'cancel', id: 7, to: undefined, pattern: 'sum' });
    client.send({ kind: 'credit', id: 7, to: 'default-2', pattern: '', total: 5 });
    expect((await server.arrivals()).map(({ envelope }) => envelope)).toMatchObject([
      { kind: 'cancel', id: 'client-3/7' },
    ]);
    expect((await other.arrivals()).map(({ envelope }) => envelope.kind)).toEqual(['cancel', 'credit']);
  });

  it('to nobody, or to what is no return address, are dropped', async () => {
    const { server, client } = await exchange();
    for (const id of ['client-99/7', 'nonsense', 7]) {
      expect(server.link.send({ kind: 'complete', id })).toBeUndefined();
    }
    expect(await client.arrivals()).toEqual([]);
  });
});

describe('events', () => {
  it('go once to each group with a handler for them, and to each instance that wants all', async () => {
    const world = new World();
    const routes = { events: ['user.created'], wildcards: ['user.*'] };
    const groups = [await world.server(routes, { group: 'a' }), await world.server(routes, { group: 'b' })];
    const twin = await world.server(routes, { group: 'b' });
    const broad = { broadcast: { events: [], wildcards: ['user.*'] } };
    const broadcasts = [await world.server(broad, { group: 'a' }), await world.server(broad, { group: 'a' })];
    const client = await world.client();
    client.send(event('user.created'));
    client.send(event('order.created'));
    await settled();
    expect(groups[0]?.received).toHaveLength(1);
    expect((groups[1]?.received.length ?? 0) + twin.received.length).toBe(1);
    for (const server of broadcasts) expect(server.received).toHaveLength(1);
  });

  it('are kept for a group without members, in their order', async () => {
    const world = new World();
    const client = await world.client();
    client.send(event('user.created', { body: '0' }));
    const first = await world.server({ wildcards: ['user.*'] });
    await first.transporter.close(0);
    for (const body of ['1', '2', '3']) client.send(event('user.created', { body }));
    const second = await world.server({ wildcards: ['user.*'] });
    const bodies = (await second.arrivals()).map(({ envelope }) => 'body' in envelope && envelope.body);
    expect(bodies).toEqual(['1', '2', '3']);
  });

  it('of one key stay with one member while some of them are open, and keep their order when it dies', async () => {
    const world = new World();
    const one = await world.server({ events: ['moved'] });
    const two = await world.server({ events: ['moved'] });
    const client = await world.client();
    for (const body of ['1', '2', '3']) client.send(event('moved', { key: 'k', body }));
    const arrivals = await one.arrivals();
    expect(arrivals.map(({ delivery }) => delivery?.lane)).toEqual(Array(3).fill('["moved","k"]'));
    arrivals[0]?.delivery?.done();
    await one.transporter.pause();
    client.send(event('moved', { key: 'k', body: '4' }));
    expect(await two.arrivals()).toEqual([]);
    await one.transporter.close(0);
    const after = await two.arrivals();
    expect(after.map(({ envelope, delivery }) => ['body' in envelope && envelope.body, delivery?.attempt])).toEqual([
      ['2', 2],
      ['3', 2],
      ['4', 1],
    ]);
  });

  it('that are dead are kept as such, and delivered again on demand', async () => {
    const world = new World();
    const server = await world.server({ events: ['user.created'] });
    const client = await world.client();
    client.send(event('user.created', { body: '{}' }));
    const [first] = await server.arrivals();
    await first?.delivery?.dead({ body: '{"error":"no","code":500}', attempts: 5 });
    await first?.delivery?.dead({ body: '{"error":"no","code":500}', attempts: 5 });
    expect(world.broker.deadLetters).toMatchObject([
      { group: 'default', attempts: 5, error: { code: 500 }, message: { pattern: 'user.created', body: '{}' } },
    ]);
    expect(world.broker.redrive()).toBe(1);
    expect(world.broker.deadLetters).toEqual([]);
    const [, again] = await server.arrivals();
    expect(again?.delivery?.attempt).toBe(1);
  });
});

describe('an outage', () => {
  it('is told, refuses what is new, keeps answers until its end', async () => {
    const world = new World();
    const server = await world.server({ messages: ['sum'], events: ['e'] });
    const client = await world.client();
    client.send(request('sum'));
    await settled();
    world.broker.disconnect('default');
    expect(server.told).toEqual(['attached', 'lost']);
    await expect(client.link.send(request('sum', { id: 2 }))).rejects.toMatchObject({ code: 503 });
    await expect(server.link.send(event('e'))).rejects.toMatchObject({ code: 503 });
    await expect(server.received[0]?.delivery?.dead({ body: '{}', attempts: 1 })).rejects.toMatchObject({ code: 503 });
    const sent = server.link.send({ kind: 'complete', id: 'client-2/1' });
    client.send(event('e'));
    expect(await client.arrivals()).toEqual([]);
    world.broker.restore();
    await sent;
    expect((await client.arrivals()).map(({ envelope }) => envelope.kind)).toEqual(['complete']);
    expect(await server.patterns()).toEqual(['sum', 'e']);
    expect(server.told).toEqual(['attached', 'lost', 'restored']);
  });

  it('of the whole broker lets nobody in: a server fails with 503, a client waits', async () => {
    const world = new World();
    world.broker.disconnect();
    await expect(world.server({})).rejects.toMatchObject({ code: 503 });
    const hub = new FakeHub();
    const client = new MemoryClient({ broker: world.broker, group: 'g', name: undefined, maxBody: 1 });
    const connected = client.connect(hub);
    await settled();
    expect(hub.told).toEqual(['unreachable']);
    world.broker.restore();
    await connected;
    expect(hub.told).toEqual(['unreachable', 'attached']);
    await client.close();
  });

  it('ends for a client that is closed meanwhile', async () => {
    const world = new World();
    world.broker.disconnect();
    const client = memory({ broker: world.broker }).createClient();
    const connected = client.connect(new FakeHub());
    await client.close(0);
    await expect(connected).rejects.toBeInstanceOf(RpcException);
    expect(world.broker.instances).toEqual([]);
  });
});

describe('isolation', () => {
  it('copies bytes and headers for everyone', async () => {
    const world = new World();
    const hubs = [
      await world.server({ events: ['e'] }, { group: 'a' }),
      await world.server({ events: ['e'] }, { group: 'b' }),
    ];
    const client = await world.client();
    const body = new Uint8Array([1, 2, 3]);
    const headers = { a: 'b' };
    client.send(event('e', { body, headers }));
    body.fill(9);
    headers.a = 'c';
    await settled();
    for (const hub of hubs) {
      const envelope = hub.received[0]?.envelope;
      if (envelope?.kind !== 'event') throw new Error('no event came');
      expect(envelope.body).toEqual(new Uint8Array([1, 2, 3]));
      expect(envelope.headers).toEqual({ a: 'b' });
      (envelope.body as Uint8Array).fill(0);
    }
    world.broker.crash('a-1');
    const again = await world.server({ events: ['e'] }, { group: 'a' });
    expect((await again.arrivals())[0]?.envelope).toMatchObject({ body: new Uint8Array([1, 2, 3]) });
  });

  it('keeps two brokers apart', async () => {
    const [one, two] = [new World(), new World()];
    await one.server({ messages: ['sum'] });
    const client = await two.client();
    await expect(client.link.send(request('sum'))).rejects.toMatchObject({ code: 503 });
  });
});

describe('unwrap and options', () => {
  it('gives the broker and nothing else', async () => {
    const { broker } = new World();
    for (const side of [memory({ broker }).createClient(), memory({ broker }).createTransporter()]) {
      expect(side.unwrap(MemoryBroker)).toBe(broker);
      expect(() => side.unwrap(Map)).toThrow(TypeError);
    }
  });

  it.each([
    [undefined, 'the option "broker" must be a MemoryBroker'],
    [{ broker: {} }, 'the option "broker" must be a MemoryBroker'],
    [{ broker: new MemoryBroker(), group: '' }, 'the option "group" must be a non-empty string'],
    [{ broker: new MemoryBroker(), maxBody: 0 }, 'the option "maxBody" must be a whole number of at least 1'],
    [{ broker: new MemoryBroker(), port: 1 }, 'there is no option "port"'],
  ])('refuses %o', (options, message) => {
    expect(() => memory(options as MemoryOptions)).toThrow(message);
  });

  it('hands nothing over once it is closed, and closes twice', async () => {
    const world = new World();
    const server = await world.server({ messages: ['sum'] });
    const client = await world.client();
    client.send(request('sum'));
    await server.transporter.close(0);
    await server.transporter.close(0);
    await client.client.close(0);
    expect(await server.arrivals()).toEqual([]);
    expect(world.broker.instances).toEqual([]);
    await expect(client.link.send(request('sum'))).rejects.toMatchObject({ code: 503 });
    expect(client.link.send({ kind: 'cancel', id: 1, to: undefined, pattern: 'sum' })).toBeUndefined();
  });

  it('pauses when what is under way has arrived', async () => {
    const world = new World();
    const server = await world.server({ messages: ['sum'] });
    const client = await world.client();
    client.send(request('sum'));
    await server.transporter.pause();
    expect(server.received).toHaveLength(1);
    await expect(client.link.send(request('sum'))).rejects.toMatchObject({ code: 503 });
  });
});
