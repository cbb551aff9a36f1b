/** Knows how old the leases are. */
export interface Renewal {
  /** Whether all that this instance has may be somebody else's by now: no lease was renewed for as long as one lasts. */
  readonly isOverdue: boolean;
  /** Resolves when that is known, or cannot be. Never rejects. */
  confirm(): Promise<void>;
}

/**
 * A process that was stopped for longer than a lease wakes in the middle of what it was doing, and does not know that another
 * instance does it by now. What it would tell then, answers and acknowledgements, waits in order until Redis was asked.
 */
export class Doubts {
  readonly #renewal: Renewal;
  #waiting: (() => void)[] = [];
  #over: Promise<void> | undefined;

  constructor(renewal: Renewal) {
    this.#renewal = renewal;
  }

  get exist(): boolean {
    return this.#over !== undefined || this.#renewal.isOverdue;
  }

  /** While they exist: `act` is called when they are over. Resolves then, too. */
  defer(act: () => void): Promise<void> {
    this.#waiting.push(act);
    this.#over ??= this.#end();
    return this.#over;
  }

  async #end(): Promise<void> {
    await this.#renewal.confirm();
    this.#over = undefined;
    for (const next of this.#waiting.splice(0)) next();
  }
}
