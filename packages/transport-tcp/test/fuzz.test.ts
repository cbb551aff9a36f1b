import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../src/frame/frame-error.ts';
import { echoHub, FakeHub, request, until } from './fake-hub.ts';
import { anyFrame, encode, maxBody, newReader } from './frames.ts';
import { hello, join, RawPeer, serve } from './sides.ts';

/** A small generator of its own: fast-check's values would take longer to make than to read. */
function randoms(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Real frames, from which the broken ones are made. */
const samples = fc
  .sample(anyFrame, { numRuns: 300, seed: 4 })
  .map((frame) => encode(frame))
  .filter(({ length }) => length < 4000);

/** Frames in a row, some of them damaged: bytes changed, cut out, doubled, or nothing but noise. */
function hostile(random: (below: number) => number): Buffer {
  const parts: Buffer[] = [];
  for (let count = 1 + random(4); count > 0; count -= 1) {
    const part = Buffer.from(samples[random(samples.length)] as Buffer);
    const damage = random(8);
    if (damage < 3) for (let hits = 1 + random(3); hits > 0; hits -= 1) part[random(part.length)] = random(256);
    if (damage === 3) part[random(Math.min(10, part.length))] = random(256);
    parts.push(
      damage === 4 ? part.subarray(random(part.length)) : damage === 5 ? part.subarray(0, random(part.length)) : part,
    );
    if (damage === 6) parts.push(Buffer.from(Array.from({ length: random(40) }, () => random(256))));
  }
  return Buffer.concat(parts);
}

describe('hostile input', () => {
  it('100 000 sequences never bring the decoder to anything but frames and refusals', { timeout: 120_000 }, () => {
    const random = randoms(20_261_122);
    let refused = 0;
    let read = 0;
    for (let sequence = 0; sequence < 100_000; sequence += 1) {
      const bytes = hostile(random);
      const { frames, reader } = newReader();
      try {
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + random(bytes.length);
          reader.read(Buffer.from(bytes.subarray(at, at + size)));
          at += size;
        }
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        refused += 1;
      }
      if (reader.heldBytes > bytes.length) throw new Error('more held than came');
      read += frames.length;
    }
    expect(refused).toBeGreaterThan(30_000);
    expect(read).toBeGreaterThan(20_000);
  });

  it('any bytes at all are read the same way, whole or in pieces', () => {
    const outcome = (chunks: Uint8Array[]): unknown => {
      const { frames, reader } = newReader();
      try {
        for (const chunk of chunks) reader.read(Buffer.from(chunk));
      } catch (error) {
        return [frames.length, error instanceof FrameError ? error.message : error];
      }
      return frames.length;
    };
    const random = randoms(7);
    for (let sequence = 0; sequence < 3000; sequence += 1) {
      const bytes = hostile(random);
      expect(outcome([...bytes].map((byte) => Buffer.of(byte)))).toEqual(outcome([bytes]));
    }
  });

  it('does not bring a server down, or make it forget its good clients', { timeout: 60_000 }, async () => {
    const { hub, port } = await serve({ maxBody }, echoHub());
    const good = await join({ port, maxBody }, new FakeHub());
    const random = randoms(99);
    for (let round = 0; round < 60; round += 1) {
      const peers = await Promise.all(Array.from({ length: 10 }, () => RawPeer.connect(port)));
      for (const peer of peers) {
        if (random(3) > 0) peer.send(hello);
        const bytes = hostile(random);
        const at = random(bytes.length);
        peer.socket.write(bytes.subarray(0, at));
        peer.socket.write(bytes.subarray(at));
      }
      void good.link.send(request(round, `still there ${round}`));
      await until(() => good.receiver.received.length === round + 1, 'the good client to be served');
      for (const { socket } of peers) {
        if (random(2) === 0) socket.resetAndDestroy();
        else socket.end();
      }
    }
    expect(good.receiver.received.at(-1)).toMatchObject({ id: 59, body: 'still there 59' });
    await until(() => hub.up.length === 1, 'the others to be gone');
    // At most one line for each connection, apart from events that were dropped.
    expect(hub.warnings.filter((line) => !line.includes('dropped an event')).length).toBeLessThanOrEqual(600);
  });

  it('from a server does not bring a client down', { timeout: 60_000 }, async () => {
    const { rawServer } = await import('./sides.ts');
    const random = randoms(5);
    let connections = 0;
    const { port } = await rawServer((peer) => {
      connections += 1;
      peer.send(hello);
      if (connections < 100) peer.socket.write(hostile(random));
      if (connections < 100) peer.socket.end();
    });
    const hub = new FakeHub();
    await join({ port, maxBody, reconnect: { initial: 1, max: 2 } }, hub);
    await until(() => connections === 100 && hub.up.length === 1, 'the last link', 30_000);
  });
});
