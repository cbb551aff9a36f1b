import type { Socket } from 'node:net';
import type { RawText } from './raw-text.ts';

/** Of a frame: u32 length of what follows, u32 id, u8 kind, u16 method; then JSON. */
const head = 11;
const bufferBytes = 65_536;
/** Text from this length on gets memory of its own, of just its size: what is mapped anew costs by the page. */
const long = 16_384;
/** Bytes that may wait for the peer before one waits for it. */
const fullBytes = 1024 * 1024;

export type OnFrame = (id: number, kind: number, method: number, text: string) => void;

/**
 * As little as carries messages over a socket: a length, an id, JSON; one write for all that a tick has written. It
 * trusts its peer, knows no deadline, and has no bounds.
 */
export class FrameSocket {
  readonly socket: Socket;
  readonly #onFrame: OnFrame;
  #out: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #end = 0;
  #scheduled = false;
  #free: Promise<void> | undefined;
  readonly #flushNow = (): void => this.#flush();
  /** A frame that has begun to come: as much memory as it takes, and how much of it is there. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Fewer bytes than tell a frame's length. */
  #rest: Buffer | undefined;

  constructor(socket: Socket, onFrame: OnFrame) {
    this.socket = socket;
    this.#onFrame = onFrame;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
  }

  write(id: number, kind: number, method: number, text: string): void {
    const needed = head + (text.length < long ? 3 * text.length : Buffer.byteLength(text));
    if (bufferBytes - this.#end < needed) this.#makeRoom(needed);
    const out = this.#out;
    const start = this.#end;
    const end = start + head + (out as unknown as RawText).utf8Write(text, start + head);
    putUint32(out, start, end - start - 4);
    putUint32(out, start + 4, id);
    out[start + 8] = kind;
    out[start + 9] = method >>> 8;
    out[start + 10] = method;
    this.#end = end;
    if (end > bufferBytes) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#flushNow);
    }
  }

  /** Resolves when there is room; `undefined` when there is. */
  whenFree(): Promise<void> | undefined {
    if (this.socket.writableLength < fullBytes) return undefined;
    this.#free ??= new Promise((resolve) => {
      this.socket.once('drain', () => {
        this.#free = undefined;
        resolve();
      });
    });
    return this.#free;
  }

  #makeRoom(needed: number): void {
    this.#flush();
    if (needed > bufferBytes) this.#out = Buffer.allocUnsafeSlow(needed);
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#end === 0 || this.socket.destroyed) return;
    this.socket.write(this.#out.subarray(0, this.#end));
    this.#end = 0;
    // What the kernel took at once is copied; what waits is read later.
    if (this.socket.writableLength > 0 || this.#out.length > bufferBytes) {
      this.#out = Buffer.allocUnsafeSlow(bufferBytes);
    }
  }

  #read(received: Buffer): void {
    let chunk = received;
    let at = 0;
    if (this.#partial !== undefined) {
      const partial = this.#partial;
      const copied = chunk.copy(partial, this.#filled);
      this.#filled += copied;
      if (this.#filled < partial.length) return;
      at = copied;
      this.#partial = undefined;
      this.#frame(partial, 0, partial.length);
    } else if (this.#rest !== undefined) {
      chunk = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    while (chunk.length - at >= 4) {
      const end = at + 4 + getUint32(chunk, at);
      if (end > chunk.length) {
        this.#partial = Buffer.allocUnsafeSlow(end - at);
        this.#filled = chunk.copy(this.#partial, 0, at);
        return;
      }
      this.#frame(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#rest = chunk.subarray(at);
  }

  #frame(chunk: Buffer, at: number, end: number): void {
    const method = ((chunk[at + 9] as number) << 8) | (chunk[at + 10] as number);
    const text = (chunk as unknown as RawText).utf8Slice(at + head, end);
    this.#onFrame(getUint32(chunk, at + 4), chunk[at + 8] as number, method, text);
  }
}

function getUint32(buffer: Buffer, at: number): number {
  return (
    (((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)) >>>
    0
  );
}

function putUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}
