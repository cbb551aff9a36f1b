import { until } from './until.ts';

/**
 * What must not be left behind: sockets, servers, timers and the like that keep a process alive, and rejections
 * that nobody handled. Made before a theme, checked after it.
 */
export class LeakCheck {
  readonly #before = activeResources();
  readonly #unhandled: unknown[] = [];
  readonly #note = (reason: unknown) => {
    this.#unhandled.push(reason);
  };

  constructor() {
    process.on('unhandledRejection', this.#note);
  }

  async check(patience: number): Promise<void> {
    // Node tells of a rejection one turn after it came.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', this.#note);
    if (this.#unhandled.length > 0) throw new AggregateError(this.#unhandled, 'Rejections were left unhandled');
    const left = () => [...activeResources()].filter(([kind, count]) => count > (this.#before.get(kind) ?? 0));
    try {
      await until(() => left().length === 0, 'all resources were given back', patience);
    } catch {
      const more = left().map(([kind, count]) => `${kind}: ${count} instead of ${this.#before.get(kind) ?? 0}`);
      throw new Error(`Resources were left behind: ${more.join(', ')}`);
    }
  }
}

/** What keeps the process alive, counted by kind. `Immediate`s are gone by themselves. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Immediate') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
