/** What kafkajs's errors have, as far as each has it. */
export interface KafkaJsError {
  readonly name?: unknown;
  /** The protocol's name of the error. */
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** kafkajs wraps an error in those of its retries; the first one says what happened. */
export function rootOf(error: unknown): unknown {
  let root = error;
  for (const cause of causesOf(error)) root = cause;
  return root;
}

/** What was thrown, and what caused it: at most so many, since it may go round. */
export function* causesOf(error: unknown): Generator {
  let next = error;
  for (let depth = 0; depth <= 10; depth++) {
    yield next;
    const cause: unknown = (next as KafkaJsError | undefined)?.cause;
    if (typeof next !== 'object' || next === null || cause === undefined || cause === null) return;
    next = cause;
  }
}

/** The protocol's name of an error, as `UNKNOWN_MEMBER_ID`, else kafkajs's own, as `KafkaJSConnectionError`. */
export function kindOf(error: unknown): string {
  const { type, name } = (rootOf(error) ?? {}) as KafkaJsError;
  if (typeof type === 'string') return type;
  return typeof name === 'string' ? name : '';
}
