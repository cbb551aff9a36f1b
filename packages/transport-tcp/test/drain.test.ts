import type { Link } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import { echoHub, event, FakeHub, reply, request, until } from './fake-hub.ts';
import { hello, join, pair, RawPeer, rawServer, serve } from './sides.ts';

const reconnect = { initial: 5, max: 20 };

describe('goAway', () => {
  it('asks clients to go elsewhere, and answers all that came before they agreed', async () => {
    const { server, client } = await pair({}, new FakeHub());
    const serverSide = server.hub.receivers[0] as (typeof server.hub.receivers)[0];
    void client.link.send(request(1, 'before'));
    void client.link.send(event('before'));
    await server.transporter.pause();
    // The client agreed after what it had sent: all of that is here now.
    expect(serverSide.received.map(({ kind }) => kind)).toEqual(['request', 'event']);
    expect(client.receiver.isDrained).toBe(true);
    await expect(client.link.send(request(2))).rejects.toMatchObject({ code: 503 });
    expect(client.receiver.detached).toBeUndefined();
    void serverSide.link.send(reply(1, 'answer'));
    await server.transporter.close(5000);
    await until(() => client.receiver.detached !== undefined, 'the client to see the end');
    expect(client.receiver.received).toMatchObject([{ kind: 'reply', id: 1, body: 'answer' }]);
    expect(server.hub.warnings).toEqual([]);
  });

  it('flushes a large answer before it closes', async () => {
    const { server, client } = await pair({}, new FakeHub());
    await server.transporter.pause();
    const body = new Uint8Array(16_000_000).fill(3);
    void server.hub.receivers[0]?.link.send(reply(1, body));
    await server.transporter.close(5000);
    await until(() => client.receiver.received.length === 1, 'the answer');
    expect(client.receiver.received[0]).toMatchObject({ kind: 'reply', id: 1 });
  });

  it('lets the two sides still call each other back for what is running', async () => {
    const { server, client } = await pair({}, new FakeHub(), echoHub());
    const paused = server.transporter.pause();
    void server.hub.receivers[0]?.link.send(request(1, 'question back'));
    await paused;
    await until(() => server.hub.receivers[0]?.received.length === 1, 'the answer from the client');
    expect(server.hub.receivers[0]?.received).toMatchObject([{ kind: 'reply', body: 'question back' }]);
    expect(client.receiver.isDrained).toBe(true);
  });

  it('answers with 503 what comes from one who does not agree', async () => {
    const { hub, port, transporter } = await serve({}, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.up.length === 1, 'the link');
    const paused = transporter.pause();
    await peer.next('goAway');
    peer.send(request(1, 'still in time'));
    await paused;
    peer.send(request(2, 'too late'));
    expect(await peer.next('error')).toMatchObject({ id: 2, body: expect.stringMatching(/"code":503/) });
    expect(hub.receivers[0]?.received).toMatchObject([{ id: 1 }]);
  });

  it('answers with 503 what comes after the other side has said that nothing will', async () => {
    const { hub, port } = await serve({}, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello, { kind: 'goAway', phase: 'done', code: 0, reason: '' }, request(1));
    expect(await peer.next('error')).toMatchObject({ id: 1, body: expect.stringMatching(/"code":503/) });
    expect(hub.receivers[0]?.received).toEqual([]);
  });

  it('reaches one who has connected and not yet said hello', async () => {
    const { hub, port, transporter } = await serve({}, new FakeHub());
    const peer = await RawPeer.connect(port);
    await peer.next('hello');
    const paused = transporter.pause();
    await peer.next('goAway');
    peer.send(hello, request(1, 'last'), { kind: 'goAway', phase: 'done', code: 0, reason: '' });
    await paused;
    expect(hub.receivers[0]?.received).toMatchObject([{ id: 1 }]);
  });

  it('makes the client connect anew, while the old link lives on', async () => {
    const peers: RawPeer[] = [];
    const { port } = await rawServer((peer) => {
      peers.push(peer);
      peer.send(hello);
    });
    const hub = new FakeHub();
    await join({ port, reconnect }, hub);
    peers[0]?.send({ kind: 'goAway', phase: 'leaving', code: 503, reason: 'rolling restart' });
    await until(() => hub.receivers.length === 2, 'the second link');
    expect(hub.receivers.map(({ isDrained }) => isDrained)).toEqual([true, false]);
    expect(hub.up).toHaveLength(2);
    expect(await peers[0]?.next('goAway')).toMatchObject({ phase: 'done' });
    peers[0]?.send(reply(7, 'late'));
    await until(() => hub.receivers[0]?.received.length === 1, 'the late answer');
    peers[0]?.socket.end();
    await until(() => hub.up.length === 1, 'the old link to be gone');
  });

  it('is waited for a second, not for ever', async () => {
    const { hub, port, transporter } = await serve();
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.up.length === 1, 'the link');
    const since = performance.now();
    await transporter.pause();
    expect(performance.now() - since).toBeLessThan(10_000);
  });
});

describe('close', () => {
  it('of a server cuts off whoever does not close its side, after the timeout', async () => {
    const { hub, port, transporter } = await serve();
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.up.length === 1, 'the link');
    await transporter.close(30);
    await peer.closed();
    expect(hub.up).toHaveLength(0);
  });

  it('of a client flushes what it was given', async () => {
    const { server, client } = await pair({}, new FakeHub());
    const body = new Uint8Array(100_000);
    const taken = Array.from({ length: 100 }, () => Promise.resolve(client.link.send(event(body))));
    await client.client.close(5000);
    // None of them has to say that it does not know.
    await Promise.all(taken);
    await until(() => server.hub.receivers[0]?.detached !== undefined, 'the server to see the end');
    expect(server.hub.receivers[0]?.received).toHaveLength(100);
    expect(client.receiver.detached).toBeDefined();
  });

  it('of a server that never listened, or listens, may come twice', async () => {
    const { transporter } = await serve();
    await Promise.all([transporter.close(100), transporter.close(100)]);
    await transporter.pause();
  });

  it('of a client ends a connect that is under way', async () => {
    const { port } = await rawServer(() => undefined);
    const { tcp } = await import('../src/index.ts');
    const client = tcp({ port }).createClient();
    const connecting = client.connect(new FakeHub());
    connecting.catch(() => undefined);
    await client.close(1000);
    await expect(connecting).rejects.toMatchObject({ code: 503 });
  });

  it('leaves no socket, timer or listener behind', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
    const { server, client } = await pair();
    const link: Link = client.link;
    void link.send(request(1));
    await until(() => client.receiver.received.length === 1, 'the echo');
    await client.client.close(1000);
    await server.transporter.close(1000);
    await until(
      () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length <= before + 1,
      'everything to be gone',
    );
  });
});
