import type { Redis } from 'ioredis';

/**
 * Notices a connection that is dead without having said so: its packets go nowhere, or Redis hangs. ioredis does not
 * (https://github.com/redis/ioredis/issues/1451). Anything that arrives is a sign of life; a silent connection is
 * pinged, and found dead when it stays silent.
 */
export class Heartbeat {
  readonly #redis: Redis;
  readonly #dead: (silence: number) => void;
  readonly #timer: NodeJS.Timeout;
  #bytesRead: number;
  #isPinged = false;

  /** @param silence milliseconds after which `dead` is called, once; it takes two thirds of them to a whole. */
  constructor(redis: Redis, silence: number, dead: (silence: number) => void) {
    this.#redis = redis;
    this.#dead = dead;
    this.#bytesRead = redis.stream.bytesRead;
    this.#timer = setInterval(() => this.#beat(silence), silence / 3);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(silence: number): void {
    if (this.#isAlive()) return;
    if (!this.#isPinged) {
      this.#isPinged = true;
      // Whatever it answers is a sign of life; that it does not answer, the next beat sees.
      void this.#redis.ping(ignore);
      return;
    }
    // If it was this process that hung, the answer waits in the socket: read first, then judge.
    setImmediate(() => {
      if (this.#isAlive()) return;
      this.stop();
      this.#dead(silence);
    });
  }

  #isAlive(): boolean {
    const { bytesRead } = this.#redis.stream;
    if (bytesRead === this.#bytesRead) return false;
    this.#bytesRead = bytesRead;
    this.#isPinged = false;
    return true;
  }
}

function ignore(): void {}
