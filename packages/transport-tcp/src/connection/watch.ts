/** Milliseconds; see TcpOptions. */
export interface WatchOptions {
  readonly helloTimeout: number;
  readonly frameTimeout: number;
  /** 0: no pings. */
  readonly heartbeat: number;
}

/** What is watched, and told. */
export interface Watched {
  /** Whether a frame has begun and not ended. */
  readonly incomplete: boolean;
  /** Grows when the other side's kernel takes what waited for it: a sign of life, too. */
  readonly progress: number;
  ping(): void;
  /** Called once. */
  expired(why: string): void;
}

/**
 * The time limits of one connection, on one timer: the hello, a frame that does not end, a peer that is silent. The
 * timer fires about once per heartbeat; what arrives only notes when it did.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #helloBy: number | undefined;
  #heardAt = performance.now();
  #partialSince: number | undefined;
  #pingedAt: number | undefined;
  #progress = 0;
  /** The event loop has looked at its sockets since a limit seemed to be passed. */
  #lookedAgain = false;
  #closed = false;

  constructor(options: WatchOptions, watched: Watched) {
    this.#options = options;
    this.#watched = watched;
    this.#helloBy = this.#heardAt + options.helloTimeout;
    this.#check();
  }

  /** Something arrived. `completed`: a frame ended in it. */
  heard(completed: boolean): void {
    this.#heardAt = performance.now();
    this.#pingedAt = undefined;
    if (!this.#watched.incomplete) this.#partialSince = undefined;
    else if (completed || this.#partialSince === undefined) this.#partialSince = this.#heardAt;
  }

  /** The hello came. */
  greeted(): void {
    this.#helloBy = undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #check(): void {
    if (this.#closed) return;
    const now = performance.now();
    this.#noteProgress(now);
    const why = this.#whyExpired(now);
    if (why === undefined) {
      this.#lookedAgain = false;
      this.#pingIfIdle(now);
      this.#sleep(now);
    } else if (this.#lookedAgain) {
      this.close();
      this.#watched.expired(why);
    } else {
      // This process may have stood still itself, and what was in time then waits in the kernel.
      this.#lookedAgain = true;
      setImmediate(() => this.#check());
    }
  }

  #noteProgress(now: number): void {
    if (this.#watched.progress === this.#progress) return;
    this.#progress = this.#watched.progress;
    this.#heardAt = now;
    this.#pingedAt = undefined;
  }

  #whyExpired(now: number): string | undefined {
    const { helloTimeout, frameTimeout, heartbeat } = this.#options;
    if (this.#helloBy !== undefined && now >= this.#helloBy) return `no hello came within ${helloTimeout} ms`;
    if (this.#partialSince !== undefined && now >= this.#partialSince + frameTimeout) {
      return `a frame was not complete after ${frameTimeout} ms`;
    }
    if (this.#pingedAt !== undefined && now >= this.#pingedAt + heartbeat) {
      return `nothing came for ${2 * heartbeat} ms, not even the answer to a ping`;
    }
    return undefined;
  }

  #pingIfIdle(now: number): void {
    const { heartbeat } = this.#options;
    if (heartbeat === 0 || this.#helloBy !== undefined || this.#pingedAt !== undefined) return;
    if (now < this.#heardAt + heartbeat) return;
    this.#pingedAt = now;
    this.#watched.ping();
  }

  /** Until the soonest limit; and no longer than any of them, because a frame may begin in between. */
  #sleep(now: number): void {
    const { frameTimeout, heartbeat } = this.#options;
    const until = Math.min(
      this.#helloBy ?? Number.POSITIVE_INFINITY,
      (this.#partialSince ?? now) + frameTimeout,
      heartbeat === 0 ? Number.POSITIVE_INFINITY : (this.#pingedAt ?? this.#heardAt) + heartbeat,
    );
    this.#timer = setTimeout(() => this.#check(), Math.max(1, Math.ceil(until - now))).unref();
  }
}
