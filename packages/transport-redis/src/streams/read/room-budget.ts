import type { Receiver } from '@parley/core/transport';

interface Waiting {
  readonly most: number;
  readonly resolve: (granted: number) => void;
}

/**
 * Shares core's room among those who read for it: what one has asked Redis for, nobody else may ask for, until it has come and
 * is counted by core. First come, first served.
 */
export class RoomBudget {
  readonly #receiver: Pick<Receiver, 'room' | 'whenRoom'>;
  readonly #waiting: Waiting[] = [];
  #reserved = 0;
  /** The most that core has ever had. */
  #whole = 0;
  #isWatching = false;
  #isClosed = false;

  constructor(receiver: Pick<Receiver, 'room' | 'whenRoom'>) {
    this.#receiver = receiver;
  }

  /** Whether somebody would like to read and may not. Whoever has reserved should not sit on it for long. */
  get isContended(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether core has nothing to do. */
  get isIdle(): boolean {
    const room = this.#receiver.room();
    this.#whole = Math.max(this.#whole, room);
    return room === this.#whole;
  }

  /**
   * Resolves with how many entries may be read, from 1 to `most`, as soon as there is room; with 0 when it is closed. Takes
   * no more than half of what is free, so that something is left for the next. To be given back.
   */
  take(most: number): Promise<number> {
    if (this.#isClosed) return Promise.resolve(0);
    return new Promise((resolve) => {
      this.#waiting.push({ most, resolve });
      this.#grant();
    });
  }

  /** What was read is with core, or nothing came. */
  give(granted: number): void {
    this.#reserved -= granted;
    this.#grant();
  }

  close(): void {
    this.#isClosed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(0);
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const free = this.#receiver.room() - this.#reserved;
      if (free <= 0) {
        this.#watch();
        return;
      }
      this.#waiting.shift();
      const granted = Math.min(next.most, Math.ceil(free / 2));
      this.#reserved += granted;
      next.resolve(granted);
    }
  }

  /** When there is room that is reserved, `give` looks again. */
  #watch(): void {
    if (this.#isWatching || this.#receiver.room() > 0) return;
    this.#isWatching = true;
    void this.#receiver.whenRoom().then(() => {
      this.#isWatching = false;
      this.#grant();
    });
  }
}
