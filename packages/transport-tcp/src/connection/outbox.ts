import type { Socket } from 'node:net';
import type { WriterMeans } from '../frame/byte-queue.ts';
import type { Frame } from '../frame/frame.ts';
import { FrameWriter } from '../frame/frame-writer.ts';

/**
 * How much the socket gets at once. What it has cannot be told apart any more, and this much in one heartbeat is what
 * shows that a peer still reads.
 */
const handedAtOnce = 1_048_576;
/** More than this waiting is "full": who can wait, should. Also, what one tick may pile up while the socket is busy. */
const fullBytes = 1_048_576;
/**
 * What one tick has written begins to leave when it fills a packet of Ethernet, and again whenever it has doubled: the
 * other side begins with it while this one goes on, instead of each waiting for the other. With 256 callers that is half as much
 * throughput again; by doubling, a tick of any size costs few system calls more.
 */
const firstBytes = 1400;
const nothing = Buffer.alloc(0);

/** What waits to be written to one socket: leaves in the course of the tick, and waits here, in order, while the socket is busy. */
export class Outbox {
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  readonly #flushNow = (): void => this.#flush();
  readonly #onTaken = (error?: Error | null): void => this.#taken(error);
  #scheduled = false;
  /** So much leaves before the tick has ended. */
  #enough = firstBytes;
  #busy = false;
  #ended = false;
  #full = false;
  #free: PromiseWithResolvers<boolean> | undefined;
  #progress = 0;
  #backlog = 0;

  constructor(socket: Socket, means: WriterMeans) {
    this.#socket = socket;
    this.#writer = new FrameWriter(means);
  }

  /** Bytes that the kernel has not taken. */
  get size(): number {
    return this.#busy ? this.#writer.size + this.#socket.writableLength : this.#writer.size;
  }

  /** What was left of that when the last tick had ended: how far behind the other side is, bursts apart. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Grows whenever the kernel has taken something and more of it waits: only a peer that reads can bring that about. */
  get progress(): number {
    return this.#progress;
  }

  /**
   * Takes a frame, to leave at the end of this tick at the latest. Returns whether it is full now; `whenFree` tells when not.
   *
   * @throws FrameError 400, see FrameWriter.
   */
  write(frame: Frame): boolean {
    if (this.#ended) return false;
    this.#writer.write(frame);
    this.#schedule();
    if (this.#writer.size < this.#enough) return false;
    if (!this.#busy) {
      this.#enough = Math.min(2 * this.#enough, fullBytes);
      this.#handOver(handedAtOnce);
    }
    if (this.size > fullBytes) this.#full = true;
    return this.#full;
  }

  /** Everything that waits goes to the socket, and then the end of the stream. */
  end(): void {
    if (this.#ended) return;
    this.#flush(Number.POSITIVE_INFINITY);
    this.#ended = true;
    this.#socket.once('finish', () => this.#release(true)).end();
  }

  /** Nothing is taken any more, and what waits is forgotten. */
  discard(): void {
    this.#ended = true;
    this.#release(false);
  }

  /** Resolves with whether what was taken is on its way: `false` when it was discarded before that was known. */
  whenFree(): Promise<boolean> {
    this.#free ??= Promise.withResolvers<boolean>();
    return this.#free.promise;
  }

  #flush(limit: number = handedAtOnce): void {
    this.#scheduled = false;
    this.#enough = firstBytes;
    if (this.#ended) return;
    if (!this.#busy || limit > handedAtOnce) this.#handOver(limit);
    this.#backlog = this.size;
    if (!this.#socket.writable) return; // See #handOver.
    if (!this.#busy && this.#backlog > 0) this.#schedule();
    if (this.#full && this.#backlog <= fullBytes / 2) {
      this.#full = false;
      this.#release(true);
    }
  }

  /**
   * A socket that has broken says so to who writes, a moment before its `close` tells everybody, and takes all that it is given. Nothing
   * is given to it then: what waits has not left, and `discard` says so.
   */
  #handOver(limit: number): void {
    const writer = this.#writer;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (!writer.whole) this.#writeSeveral(limit);
    else if (writer.size > 0) socket.write(writer.shift() as Buffer);
    this.#busy = socket.writableLength > 0;
    // Only then, since Node calls back in a tick of its own also for what the kernel took at once, as it nearly always does.
    if (this.#busy) socket.write(nothing, this.#onTaken);
    writer.settle(!this.#busy);
  }

  /** Several chunks with one system call. */
  #writeSeveral(limit: number): void {
    let left = limit;
    this.#socket.cork();
    while (left > 0) {
      const chunk = this.#writer.shift(left);
      if (chunk === undefined) break;
      left -= chunk.length;
      this.#socket.write(chunk);
    }
    this.#socket.uncork();
  }

  /** All that was handed over before is with the kernel. */
  #taken(error: Error | null | undefined): void {
    if (error) return; // The socket is gone, and who reads its buffers is not known.
    if (!this.#busy || this.#socket.writableLength > 0) return;
    this.#busy = false;
    if (this.#writer.size > 0) this.#progress += 1;
    this.#writer.reclaim();
    this.#flush();
  }

  #release(isFree: boolean): void {
    this.#free?.resolve(isFree);
    this.#free = undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flushNow);
  }
}
