import type { Message } from '../service.ts';

type Resolve = (message: Message) => void;

/** Calls that wait for their answer, in slots that are used again: the id is the slot. */
export class Pending {
  readonly #slots: (Resolve | undefined)[] = [];
  readonly #free: number[] = [];

  add(resolve: Resolve): number {
    const id = this.#free.pop() ?? this.#slots.length;
    this.#slots[id] = resolve;
    return id;
  }

  settle(id: number, message: Message): void {
    const resolve = this.#slots[id];
    if (resolve === undefined) throw new Error(`an answer to nothing: ${id}`);
    this.#slots[id] = undefined;
    this.#free.push(id);
    resolve(message);
  }

  /** Answers, a line each: `<id>:<JSON>`. */
  settleAll(lines: string): void {
    for (const line of lines.split('\n')) {
      const colon = line.indexOf(':');
      this.settle(Number(line.slice(0, colon)), JSON.parse(line.slice(colon + 1)));
    }
  }
}
