import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { BufferPool } from '../frame/buffer-pool.ts';
import type { Frame } from '../frame/frame.ts';
import { TextBytes } from '../frame/text-bytes.ts';
import { Outbox } from './outbox.ts';

const undos: (() => void)[] = [];

afterEach(() => {
  for (const undo of undos.splice(0)) undo();
});

/** An outbox over a real socket, and what arrives at its other end. */
async function stage() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const [peer] = await accepted;
  undos.push(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  const received: Buffer[] = [];
  peer.on('data', (chunk) => received.push(chunk));
  const writes = vi.spyOn(socket, 'write');
  const outbox = new Outbox(socket, { pool: new BufferPool(), names: new TextBytes() });
  return { outbox, peer, writes, bytes: () => Buffer.concat(received).length };
}

const frame = (id: number): Frame => ({ kind: 'reply', id, last: true, contentType: undefined, body: 'x'.repeat(54) });
/** Bytes of each. */
const each = 64;

async function untilReceived(bytes: () => number, expected: number): Promise<void> {
  await vi.waitFor(() => expect(bytes()).toBe(expected), { timeout: 10_000 });
}

it('writes what little there is at the end of the tick, at once', async () => {
  const { outbox, writes, bytes } = await stage();
  for (let id = 0; id < 10; id += 1) outbox.write(frame(id));
  expect(writes).not.toHaveBeenCalled();
  await untilReceived(bytes, 10 * each);
  expect(writes).toHaveBeenCalledOnce();
});

it('begins with much while the tick goes on, and with ever larger parts', async () => {
  const { outbox, writes, bytes } = await stage();
  const count = 10_000;
  for (let id = 0; id < count; id += 1) outbox.write(frame(id));
  const sizes = writes.mock.calls.map(([chunk]) => (chunk as Buffer).length);
  expect(sizes[0]).toBeLessThanOrEqual(1400 + each);
  expect(sizes.length).toBeGreaterThan(2);
  await untilReceived(bytes, count * each);
  // Doubled each time; a socket that is busy, and buffers of 64 KiB, add some.
  expect(writes.mock.calls.length).toBeLessThan(40);
});

it('begins anew with the next tick', async () => {
  const { outbox, writes, bytes } = await stage();
  for (const round of [1, 2]) {
    for (let id = 0; id < 25; id += 1) outbox.write(frame(id));
    expect(writes).toHaveBeenCalledTimes(2 * round - 1);
    await untilReceived(bytes, round * 25 * each);
    expect(writes).toHaveBeenCalledTimes(2 * round);
  }
});

it('tells who waits for it when it is free again, though more was written meanwhile', async () => {
  const { outbox, peer, bytes } = await stage();
  peer.pause();
  let count = 0;
  const write = () => outbox.write(frame(count++));
  while (!write());
  const free = outbox.whenFree();
  for (let more = 0; more < 100; more += 1) write();
  peer.resume();
  expect(await free).toBe(true);
  await untilReceived(bytes, count * each);
});
