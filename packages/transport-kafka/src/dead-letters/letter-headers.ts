/** Headers of a dead letter, beside those that the record had: texts all, so that any tool can show them. */
export const letterHeaders = {
  /** Where it comes from. */
  topic: 'parley-topic',
  partition: 'parley-partition',
  offset: 'parley-offset',
  /** Of the record: milliseconds since 1970. */
  timestamp: 'parley-timestamp',
  /** Whose handlers failed. */
  group: 'parley-dead-group',
  code: 'parley-code',
  message: 'parley-message',
  attempts: 'parley-attempts',
  /** The error's wire form, JSON. */
  error: 'parley-error',
  /** When it died, by the clock of the instance that gave it up: milliseconds since 1970. */
  diedAt: 'parley-died-at',
  /** `true`: the record was too large to be kept with all this, so only that it was there is said. */
  incomplete: 'parley-incomplete',
} as const;

/** A record that says of an earlier one of its partition, by the offset, that it is no letter any more: it was put back, or removed. */
export const settledHeader = 'parley-settled';

const ofLetters: ReadonlySet<string> = new Set(Object.values(letterHeaders));

export function isLetterHeader(name: string): boolean {
  return ofLetters.has(name);
}
