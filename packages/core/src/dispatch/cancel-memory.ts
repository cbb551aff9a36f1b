import type { CallId } from '../envelope/index.ts';

/** A cancel that overtook its request by more than this finds the request's own deadline past, most likely. */
const rememberedFor = 60_000;
const maxRemembered = 10_000;

/** Cancels of requests that have not come (yet), where a wire may bring them in any order or to anybody. */
export class CancelMemory {
  /** Id to the time when it is forgotten; oldest first. */
  readonly #until = new Map<CallId, number>();

  get size(): number {
    return this.#until.size;
  }

  remember(id: CallId, now: number): void {
    this.#until.delete(id);
    this.#until.set(id, now + rememberedFor);
    for (const [oldest, until] of this.#until) {
      if (until > now && this.#until.size <= maxRemembered) break;
      this.#until.delete(oldest);
    }
  }

  /** Whether it was cancelled; asks and forgets. */
  take(id: CallId, now: number): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(id);
    if (until === undefined) return false;
    this.#until.delete(id);
    return until > now;
  }
}
