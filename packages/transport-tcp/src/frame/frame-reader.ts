import { RpcCode } from '@parley/core/transport';
import { getUint32 } from './bytes.ts';
import { prefixBytes } from './frame.ts';
import { FrameError } from './frame-error.ts';

/** Bytes of the length itself. */
const lengthBytes = 4;
/** An incomplete frame gets its memory as it comes, so that announcing a large one costs its sender as much as us. */
const firstAllocation = 65_536;

/**
 * Gets a frame's bytes, from the kind byte on; they are not written to afterwards. Returns whether to go on: `false`
 * drops the rest.
 */
export type FrameHandler = (buffer: Buffer, start: number, end: number) => boolean;

/**
 * Finds frames in the chunks of a stream, wherever it was split. Whole frames are handed on where they lie; only one
 * that spans chunks is copied. No I/O.
 */
export class FrameReader {
  /** The longest frame in bytes, without its length prefix. */
  limit: number;
  readonly #onFrame: FrameHandler;
  /** What has come of the frame that is not complete. */
  #held: Buffer | undefined;
  #size = 0;

  constructor(limit: number, onFrame: FrameHandler) {
    this.limit = limit;
    this.#onFrame = onFrame;
  }

  /** Whether a frame has begun and not ended. */
  get incomplete(): boolean {
    return this.#held !== undefined;
  }

  /** Bytes held of the frame that is incomplete. */
  get heldBytes(): number {
    return this.#size;
  }

  /** @throws FrameError 400 or 413 for an impossible length, before anything of that frame is kept; and what the handler throws. */
  read(chunk: Buffer): void {
    let at = this.#held === undefined ? 0 : this.#continue(this.#held, chunk);
    while (chunk.length - at >= lengthBytes) {
      const end = at + lengthBytes + this.#checked(getUint32(chunk, at));
      if (end > chunk.length) break;
      if (!this.#onFrame(chunk, at + lengthBytes, end)) return;
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at);
  }

  /** Gives the incomplete frame what it lacks; returns how much of the chunk that took. */
  #continue(held: Buffer, chunk: Buffer): number {
    let at = 0;
    let buffer = held;
    if (this.#size < lengthBytes) {
      at = chunk.copy(buffer, this.#size, 0, lengthBytes - this.#size);
      this.#size += at;
      if (this.#size < lengthBytes) return at;
    }
    const total = lengthBytes + this.#checked(getUint32(buffer, 0));
    const taken = Math.min(total - this.#size, chunk.length - at);
    buffer = this.#grown(buffer, this.#size + taken, total);
    chunk.copy(buffer, this.#size, at, at + taken);
    this.#size += taken;
    at += taken;
    if (this.#size < total) {
      this.#held = buffer;
      return at;
    }
    this.#held = undefined;
    this.#size = 0;
    return this.#onFrame(buffer, lengthBytes, total) ? at : chunk.length;
  }

  #hold(chunk: Buffer, at: number): void {
    this.#size = chunk.length - at;
    const total = this.#size < lengthBytes ? prefixBytes : lengthBytes + getUint32(chunk, at);
    this.#held = Buffer.allocUnsafe(Math.min(total, Math.max(firstAllocation, 2 * this.#size)));
    chunk.copy(this.#held, 0, at);
  }

  /** Twice as large each time, so that a large frame is copied about twice in all. */
  #grown(buffer: Buffer, needed: number, total: number): Buffer {
    if (needed <= buffer.length) return buffer;
    const grown = Buffer.allocUnsafe(
      Math.min(total, Math.max(needed, 2 * buffer.length, Math.min(total, firstAllocation))),
    );
    buffer.copy(grown, 0, 0, this.#size);
    return grown;
  }

  #checked(length: number): number {
    if (length > this.limit) {
      throw new FrameError(`a frame of ${length} bytes, and the limit is ${this.limit}`, RpcCode.PayloadTooLarge);
    }
    if (length < prefixBytes - lengthBytes)
      throw new FrameError(`a frame of ${length} bytes, which is too short for any`);
    return length;
  }
}
