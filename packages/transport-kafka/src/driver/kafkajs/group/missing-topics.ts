/** Milliseconds between looks. */
const interval = 1000;

/** Looks for topics that are missing, again and again while some are. */
export class MissingTopics {
  readonly #find: () => readonly string[];
  readonly #told: (topics: readonly string[]) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(find: () => readonly string[], told: (topics: readonly string[]) => void) {
    this.#find = find;
    this.#told = told;
  }

  look(): void {
    this.stop();
    if (this.#look()) this.#timer = setInterval(() => this.#look(), interval);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): boolean {
    const missing = this.#find();
    if (missing.length > 0) this.#told(missing);
    return missing.length > 0;
  }
}
