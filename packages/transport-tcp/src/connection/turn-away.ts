import type { Socket } from 'node:net';
import type { RpcCode } from '@parley/core/transport';
import { BufferPool } from '../frame/buffer-pool.ts';
import { FrameWriter } from '../frame/frame-writer.ts';
import { TextBytes } from '../frame/text-bytes.ts';

/** Milliseconds. */
const lingerTime = 1000;

/** Tells one who has just connected why this is no use, and closes. What it sends meanwhile is read and dropped. */
export function turnAway(socket: Socket, code: RpcCode, reason: string): void {
  const writer = new FrameWriter({ pool: new BufferPool(), names: new TextBytes() });
  writer.write({ kind: 'goAway', phase: 'now', code, reason });
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(writer.shift() as Buffer);
  const timer = setTimeout(() => socket.destroy(), lingerTime).unref();
  socket.once('close', () => clearTimeout(timer));
}
