/** Everything that an iterable gives, until its end. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** What came before the failure, and the failure. */
export async function collectUntilError<Value>(
  values: AsyncIterable<Value>,
): Promise<{ values: Value[]; error: unknown }> {
  const all: Value[] = [];
  try {
    for await (const value of values) all.push(value);
  } catch (error) {
    return { values: all, error };
  }
  return { values: all, error: undefined };
}

/** A promise, and what settles it: `wait` in a handler, `open` in a test. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** For tests that read step by step. */
export function iterate<Value>(values: AsyncIterable<Value>): AsyncIterator<Value> {
  return values[Symbol.asyncIterator]();
}
