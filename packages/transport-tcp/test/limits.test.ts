import { describe, expect, it } from 'vitest';
import { event, FakeHub, reply, request, until } from './fake-hub.ts';
import { encode } from './frames.ts';
import { hello, join, pair, RawPeer, rawServer, serve } from './sides.ts';

describe('limits', () => {
  it('closes on a length over the limit, before anything of it is read', async () => {
    const { hub, port } = await serve({ maxBody: 1000 });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.up.length === 1, 'the link');
    peer.socket.write(Buffer.from('7fffffff', 'hex'));
    expect(await peer.next('goAway')).toMatchObject({ phase: 'now', code: 413 });
    await peer.closed();
    expect(hub.warnings).toEqual([expect.stringMatching(/a frame of 2147483647 bytes, and the limit is 66536/)]);
    expect(hub.receivers[0]?.detached).toMatchObject({ code: 502 });
  });

  it('closes on a body over the limit', async () => {
    const { hub, port } = await serve({ maxBody: 1000 });
    const peer = await RawPeer.connect(port);
    peer.send(hello, request(1, 'x'.repeat(1001)));
    expect(await peer.next('goAway')).toMatchObject({
      code: 413,
      reason: 'a body of 1001 bytes, and the limit is 1000',
    });
    expect(hub.receivers).toHaveLength(1);
  });

  it.each([
    ['half a frame', 20, 1],
    ['a frame that trickles', 20, 3],
  ])('closes on %s after frameTimeout', async (_, size, pieces) => {
    const { hub, port } = await serve({ frameTimeout: 60, heartbeat: 0 });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    const bytes = encode(request(1, 'x'.repeat(1000)));
    for (let piece = 0; piece < pieces; piece += 1) {
      peer.socket.write(bytes.subarray(piece * size, (piece + 1) * size));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await peer.next('goAway')).toMatchObject({ code: 408 });
    expect(hub.warnings).toEqual([expect.stringMatching(/a frame was not complete after 60 ms/)]);
  });

  it('does not mind a slow sequence of whole frames', async () => {
    const frameTimeout = 1500;
    const { hub, port } = await serve({ frameTimeout, heartbeat: 0 });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    const bytes = encode(request(1, 'x'), request(1, 'x'));
    const begun = performance.now();
    for (let round = 0; performance.now() < begun + 2 * frameTimeout; round += 1) {
      // Each chunk ends in the middle of a frame, each time another one.
      peer.socket.write(round % 2 === 0 ? bytes.subarray(0, 25) : bytes.subarray(25));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    expect(hub.warnings).toEqual([]);
    expect(peer.isEnded).toBe(false);
  });

  it('refuses new work for a peer that does not read, and closes when its answers pile up', async () => {
    const limit = 262_144;
    const { hub, port } = await serve({ maxBody: limit, maxQueued: limit, heartbeat: 0 }, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    peer.socket.pause();
    await until(() => hub.up.length === 1, 'the link');
    const link = hub.receivers[0]?.link as NonNullable<(typeof hub.receivers)[0]>['link'];
    const body = new Uint8Array(65_536);
    // First until the kernel takes no more.
    let refused: unknown;
    await until(() => {
      void link.send(event(body))?.catch((error: unknown) => {
        refused ??= error;
      });
      return refused !== undefined;
    }, 'an event to be refused');
    expect(refused).toMatchObject({ code: 429, message: expect.stringMatching(/reads too slowly/) });
    await expect(link.send(request(1, body))).rejects.toMatchObject({ code: 429 });
    expect(hub.warnings).toEqual([]);
    let sent = 0;
    while (hub.up.length > 0 && sent < 100) {
      void link.send(reply(1, body));
      sent += 1;
    }
    expect(sent).toBeLessThanOrEqual(10);
    expect(hub.warnings).toEqual([
      expect.stringMatching(/closed the connection: \d+ bytes wait for 127.0.0.1:\d+, which reads too slowly/),
    ]);
    expect(hub.receivers[0]?.detached).toMatchObject({ code: 502 });
    await until(() => !(link as unknown as { socket: { readable: boolean } }).socket.readable, 'the socket to be gone');
  });

  it('send says when the way out is full, and when it is free again', async () => {
    const { hub, port } = await serve({ heartbeat: 0 }, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    peer.socket.pause();
    await until(() => hub.up.length === 1, 'the link');
    const link = hub.receivers[0]?.link as NonNullable<(typeof hub.receivers)[0]>['link'];
    const body = new Uint8Array(1_000_000);
    const waits: Promise<void>[] = [];
    for (let sent = 0; sent < 40; sent += 1) {
      const wait = link.send(reply(sent, body, { last: false }));
      if (wait !== undefined) waits.push(wait);
    }
    expect(waits.length).toBeGreaterThan(10);
    const accepted = link.send(event('last'));
    expect(accepted).toBeInstanceOf(Promise);
    expect(link.send(request(1, 'x'))).toBeUndefined();
    peer.socket.resume();
    await Promise.all(waits);
    await accepted;
    await peer.next('event');
  });

  it('an event that waits when the connection goes has an unknown outcome', async () => {
    const { hub, port } = await serve({ heartbeat: 0 }, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    peer.socket.pause();
    await until(() => hub.up.length === 1, 'the link');
    const link = hub.receivers[0]?.link as NonNullable<(typeof hub.receivers)[0]>['link'];
    const waits = Array.from({ length: 30 }, () => link.send(event(new Uint8Array(1_000_000))));
    peer.socket.destroy();
    const ends = await Promise.allSettled(waits.map((wait) => Promise.resolve(wait)));
    expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 502 } });
  });

  it('an event that comes when the connection has broken, and nobody has heard of it, has one, too', async () => {
    const { hub, port } = await serve({ heartbeat: 0 }, new FakeHub());
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.up.length === 1, 'the link');
    const link = hub.receivers[0]?.link as NonNullable<(typeof hub.receivers)[0]>['link'];
    // Over loopback the kernel knows at once; the first write is told.
    peer.socket.resetAndDestroy();
    const sent = Array.from({ length: 5 }, () => link.send(event(new Uint8Array(1_000_000))));
    const ends = await Promise.allSettled(sent.map((wait) => Promise.resolve(wait)));
    expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 502 } });
  });

  it('takes a burst of one tick whole, whatever its size', async () => {
    const limit = 262_144;
    const { client } = await pair({ maxBody: limit, maxQueued: limit });
    for (let id = 0; id < 200; id += 1) void client.link.send(request(id, new Uint8Array(65_536)));
    await until(() => client.receiver.received.length === 200, 'every echo');
  });

  it('turns connections over the limit away, and the client tries again', async () => {
    const server = await serve({ maxConnections: 1 });
    const first = await RawPeer.connect(server.port);
    first.send(hello);
    await until(() => server.hub.up.length === 1, 'the first link');
    const second = await RawPeer.connect(server.port);
    expect(await second.next('goAway')).toMatchObject({
      phase: 'now',
      code: 429,
      reason: 'there are 1 connections already',
    });
    second.socket.destroy();
    const hub = new FakeHub();
    const joined = join({ port: server.port, reconnect: { initial: 5, max: 20 } }, hub);
    await until(() => hub.outages.length > 0, 'the client to be turned away');
    expect(hub.outages[0]).toMatchObject({
      code: 503,
      message: expect.stringMatching(/there are 1 connections already/),
    });
    first.socket.destroy();
    await joined;
  });
});

describe('heartbeat', () => {
  /** Milliseconds, where nobody is to be found silent: longer than this process, in which both sides are, stands still. */
  const ample = 500;

  it('pings a peer that is idle, and keeps it while it answers', async () => {
    const { hub, port } = await serve({ heartbeat: ample });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    for (let round = 0; round < 4; round += 1) {
      await peer.next('ping');
      peer.send({ kind: 'pong' });
    }
    expect(hub.up).toHaveLength(1);
  });

  it('does not ping who is busy', async () => {
    const heartbeat = 1500;
    const { port } = await serve({ heartbeat });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    const begun = performance.now();
    for (let round = 0; performance.now() < begun + 2 * heartbeat; round += 1) {
      peer.send(request(round));
      await peer.next('reply');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(peer.frames.filter(({ kind }) => kind === 'ping')).toEqual([]);
  });

  it('notices a peer that is silent, on either side', async () => {
    const { hub, port } = await serve({ heartbeat: 20 });
    const peer = await RawPeer.connect(port);
    peer.send(hello);
    await until(() => hub.receivers[0]?.detached !== undefined, 'the server to notice');
    expect(hub.warnings).toEqual([expect.stringMatching(/nothing came for 40 ms/)]);
    const silent = await rawServer((other) => other.send(hello));
    const client = await join({ port: silent.port, heartbeat: 20 });
    await until(() => client.receiver.detached !== undefined, 'the client to notice');
    expect(client.receiver.detached).toMatchObject({ code: 502 });
  });

  it('two idle sides keep each other', async () => {
    const { server, client } = await pair({ heartbeat: ample });
    // After two of them without a word they would not.
    await new Promise((resolve) => setTimeout(resolve, 5 * ample));
    expect([server.hub.up.length, client.hub.up.length]).toEqual([1, 1]);
  });
});
