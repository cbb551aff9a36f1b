import type { ChildProcess } from 'node:child_process';

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What a child process can be asked, by name. */
export type Questions = Readonly<Record<string, (argument: never) => unknown>>;

/** Answers the questions of the process that started this one; ends with it. */
export function answerParent(questions: Questions): void {
  process.on('message', (question: Question) => {
    void answer(questions, question).then((message) => process.send?.(message));
  });
  process.once('disconnect', () => process.exit());
}

async function answer(questions: Questions, { id, name, argument }: Question): Promise<Answer> {
  try {
    const value = await questions[name]?.(argument as never);
    return { id, value };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The other side of {@link answerParent}: asks a child process. */
export class Asker {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 0;
  #gone: Error | undefined;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    child.on('message', (message: Answer) => this.#settle(message));
    child.once('exit', (code, signal) => this.#fail(new Error(`${name} ended early (${signal ?? code})`)));
    child.once('error', (error) => this.#fail(error));
  }

  /** @throws Error with what the child threw, when it has ended, or after `timeout` milliseconds. */
  async ask<T>(name: string, argument?: unknown, timeout = 60_000): Promise<T> {
    if (this.#gone !== undefined) throw this.#gone;
    const id = this.#nextId++;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    const timer = setTimeout(() => pending.reject(new Error(`no answer to "${name}" in ${timeout} ms`)), timeout);
    this.#child.send({ id, name, argument });
    try {
      return (await pending.promise) as T;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  #settle({ id, value, error }: Answer): void {
    const pending = this.#pending.get(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
