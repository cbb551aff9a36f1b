import { Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Envelope } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import { TcpContext } from '../src/index.ts';
import { event, FakeHub, reply, request, until } from './fake-hub.ts';
import { plain } from './frames.ts';
import { hello, join, pair, RawPeer, rawServer, serve } from './sides.ts';

describe('a TCP link', () => {
  it('carries every kind of envelope, both ways, in order', async () => {
    const { server, client } = await pair({}, new FakeHub());
    const serverSide = server.hub.receivers[0] as (typeof server.hub.receivers)[0];
    const envelopes: Envelope[] = [
      request(0, '{"a":1}', { headers: { traceparent: '00-1' }, timeout: 500, credit: 2 }),
      event(new Uint8Array([1, 2]), { key: 'k', contentType: 'application/octet-stream' }),
      reply(0, 'text', { last: false }),
      { kind: 'error', id: 3, body: '{"error":"no","code":404}' },
      { kind: 'complete', id: 4 },
      { kind: 'defer', id: 5, timeout: 0 },
      { kind: 'cancel', id: 6, to: undefined, pattern: '' },
      { kind: 'credit', id: 7, to: undefined, pattern: '', total: 9 },
    ];
    for (const envelope of envelopes) {
      expect(client.link.send(envelope)).toBeUndefined();
      expect(serverSide.link.send(envelope)).toBeUndefined();
    }
    for (const side of [serverSide, client.receiver]) {
      await until(() => side.received.length === envelopes.length, 'all envelopes');
      const received = side.received.map((envelope) => ({ ...plain(envelope), source: undefined }));
      expect(received).toEqual(envelopes.map((envelope) => ({ ...plain(envelope), source: undefined })));
    }
  });

  it('is shared, has the smaller body limit of both sides, and the context of TCP', async () => {
    const server = await serve({ maxBody: 5000 });
    const { link } = await join({ port: server.port, maxBody: 7000 });
    const other = await join({ port: server.port, maxBody: 300 });
    await until(() => server.hub.receivers.length === 2, 'both links');
    expect([link.maxBody, other.link.maxBody]).toEqual([5000, 300]);
    expect(server.hub.receivers.map((receiver) => receiver.link.maxBody).sort()).toEqual([300, 5000]);
    expect(link).toMatchObject({ shared: true, Context: TcpContext });
  });

  it('gives messages the connection as their source', async () => {
    const { server, client } = await pair({}, new FakeHub());
    void client.link.send(request(1));
    void client.link.send(event());
    const received = server.hub.receivers[0]?.received ?? [];
    await until(() => received.length === 2, 'both messages');
    for (const message of received) {
      const { source } = message as { source: { remoteAddress: string; socket: Socket } };
      expect(source.remoteAddress).toBe('127.0.0.1');
      expect(source.socket).toBeInstanceOf(Socket);
      expect(source).toBe(server.hub.receivers[0]?.link);
    }
  });

  it('calls in both directions with the same ids do not mix', async () => {
    const clientHub = new FakeHub((envelope, link) => {
      if (envelope.kind === 'request') void link.send(reply(envelope.id as number, `client:${String(envelope.body)}`));
      else answers.push(['to client', envelope]);
    });
    const serverHub = new FakeHub((envelope, link) => {
      if (envelope.kind === 'request') void link.send(reply(envelope.id as number, `server:${String(envelope.body)}`));
      else answers.push(['to server', envelope]);
    });
    const answers: [string, Envelope][] = [];
    const { server, client } = await pair({}, serverHub, clientHub);
    for (let id = 0; id < 10; id += 1) {
      void client.link.send(request(id, String(id)));
      void server.hub.receivers[0]?.link.send(request(id, String(id)));
    }
    await until(() => answers.length === 20, 'all answers');
    for (const [to, envelope] of answers) {
      const expected = `${to === 'to client' ? 'server' : 'client'}:${String((envelope as { id: number }).id)}`;
      expect(envelope).toMatchObject({ kind: 'reply', body: expected });
    }
  });

  it.each([65_536, 262_144])('200 echoes of %i bytes both ways at once do not block each other', async (size) => {
    let answered = 0;
    const onEnvelope: ConstructorParameters<typeof FakeHub>[0] = (envelope, link) => {
      if (envelope.kind === 'request') void link.send(reply(envelope.id as number, envelope.body));
      else if (envelope.kind === 'reply' && (envelope.body as Uint8Array).length === size) answered += 1;
    };
    const { server, client } = await pair({}, new FakeHub(onEnvelope), new FakeHub(onEnvelope));
    const body = new Uint8Array(size).fill(1);
    for (let id = 0; id < 200; id += 1) {
      void client.link.send(request(id, body));
      void server.hub.receivers[0]?.link.send(request(id, body));
    }
    await until(() => answered === 400, 'every echo', 20_000);
    expect([...server.hub.warnings, ...client.hub.warnings]).toEqual([]);
  });

  it('carries the largest body', async () => {
    const { client } = await pair();
    const text = 'ü'.repeat(8_388_608);
    void client.link.send(request(1, text));
    await until(() => client.receiver.received.length === 1, 'the echo');
    expect((client.receiver.received[0] as { body: string }).body === text).toBe(true);
  });

  it('refuses what no frame can carry, for that message alone', async () => {
    const { client } = await pair();
    const key = 'k'.repeat(70_000);
    await expect(client.link.send(event('', { key }))).rejects.toMatchObject({ code: 400 });
    await expect(client.link.send(request(1, '', { headers: { key } }))).rejects.toMatchObject({ code: 400 });
    void client.link.send(request(2, 'fine'));
    await until(() => client.receiver.received.length === 1, 'the echo');
  });

  it('answers a request that cannot be with 400, and drops such an event with a warning', async () => {
    const { hub, port } = await serve();
    const peer = await RawPeer.connect(port);
    peer.send(hello, request(1, '', { headers: { BAD: '' } }), event('', { pattern: '' }), request(2, 'good'));
    expect((await peer.next('error')).body).toMatch(/"error":"Bad headers: .*"code":400/);
    expect(await peer.next('reply')).toMatchObject({ id: 2, body: 'good' });
    expect(hub.warnings).toEqual([expect.stringMatching(/^tcp: dropped an event from 127.0.0.1:\d+: Bad pattern/)]);
  });

  it('tells both sides when the connection is gone, once, and takes nothing more', async () => {
    const { server, client } = await pair();
    void server.hub.receivers[0]?.link.send(reply(1));
    (client.receiver.link as unknown as { socket: Socket }).socket.destroy();
    await until(() => server.hub.up.length === 0, 'the server to notice');
    await until(() => client.receiver.detached !== undefined, 'the client to notice');
    expect(client.receiver.detached).toMatchObject({
      code: 502,
      message: expect.stringMatching(/127\.0\.0\.1:\d+ was lost/),
    });
    await expect(client.link.send(request(2))).rejects.toMatchObject({ code: 503 });
    await expect(client.link.send(event())).rejects.toMatchObject({ code: 503 });
    expect(client.link.send(reply(1))).toBeUndefined();
  });
});

describe('unwrap', () => {
  it('gives net.Server and net.Socket, and TypeError for anything else', async () => {
    const { server, client } = await pair();
    expect(server.transporter.unwrap(Server).listening).toBe(true);
    expect(client.client.unwrap(Socket).remotePort).toBe(server.port);
    for (const wrong of [
      () => server.transporter.unwrap(Socket),
      () => client.client.unwrap(TLSSocket),
      () => client.client.unwrap(Server),
    ]) {
      expect(wrong).toThrowError(TypeError);
    }
  });
});

describe('the hello', () => {
  it('is sent by both sides at once', async () => {
    const { port } = await serve({ name: 'the server' });
    const peer = await RawPeer.connect(port);
    expect(await peer.next('hello')).toEqual({
      kind: 'hello',
      major: 1,
      minor: 0,
      maxBody: 16_777_216,
      name: 'the server',
    });
  });

  it.each([
    ['another version', Buffer.from('0000001001000000000050524c5902000000ffff0000', 'hex'), /version 2\.0/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /it speaks HTTP/],
    ['TLS', Buffer.from('1603010200010001fc0303', 'hex'), /it speaks TLS/],
    ['something else', Buffer.from('{"pattern":"a"}\n'), /does not speak Parley/],
    ['a request first', Buffer.from('0000000d0200000000010000000000016100', 'hex'), /./],
    ['a hello that is too long', Buffer.from('00000401', 'hex'), /1025 bytes/],
  ])('refuses %s, says so to the other side, and logs it once', async (_, bytes, why) => {
    const { hub, port } = await serve();
    const peer = await RawPeer.connect(port);
    peer.socket.write(bytes);
    expect(await peer.next('goAway')).toMatchObject({ phase: 'now', code: 501, reason: expect.stringMatching(why) });
    await peer.closed();
    expect(hub.warnings).toEqual([expect.stringMatching(why)]);
    expect(hub.receivers).toEqual([]);
  });

  it('of another version ends connect, because it will be the same the next time', async () => {
    const { port } = await rawServer((peer) =>
      peer.socket.write(Buffer.from('0000001401000000000050524c59030100000fff00026d65', 'hex')),
    );
    const hub = new FakeHub();
    await expect(join({ port }, hub)).rejects.toMatchObject({
      code: 501,
      message: expect.stringMatching(/version 3\.1/),
    });
    expect(hub.warnings).toHaveLength(1);
  });

  it('that was refused by the server ends connect with its reason', async () => {
    const { port } = await rawServer((peer) =>
      peer.send({ kind: 'goAway', phase: 'now', code: 501, reason: 'too old' }),
    );
    await expect(join({ port })).rejects.toMatchObject({ code: 501, message: expect.stringMatching(/too old/) });
  });

  it('that does not come closes the connection', async () => {
    const { hub, port } = await serve({ connectTimeout: 50 });
    const peer = await RawPeer.connect(port);
    await peer.closed();
    expect(hub.warnings).toEqual([expect.stringMatching(/no hello came within 50 ms/)]);
  });
});
