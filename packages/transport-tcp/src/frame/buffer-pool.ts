/** Small frames of one tick go into one buffer of this size; 64 KiB is what a socket takes at once without delay. */
export const bufferBytes = 65_536;
/** 4 MiB at most stay behind when the load is gone. */
const kept = 64;

/** Buffers to write frames into. A connection has one only while there is something to write. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  /** Nobody may read or write the buffer after this: the kernel has what was in it. */
  give(buffer: Buffer): void {
    if (buffer.length === bufferBytes && this.#free.length < kept) this.#free.push(buffer);
  }
}
