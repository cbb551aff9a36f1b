import { type DeadLetter, messageOfDeadLetter, readEnvelope } from '@parley/core/transport';
import { readEntry } from '../entry.ts';
import type { DeadLettersOf } from '../stream-keys.ts';
import type { Letter } from './letter.ts';

/** A message that failed for good, as {@link RedisDeadLetters} shows it. It died (`diedAt`) by the clock of Redis. */
export interface RedisDeadLetter extends DeadLetter {
  /** The key of the stream of dead letters that it is in; `id` is its id there. */
  readonly key: string;
  /** The id that it had in its own stream, such as `1526919030474-55`: the milliseconds say when it was sent. */
  readonly entryId: string;
}

export function deadLetter(id: string, key: string, of: DeadLettersOf, letter: Letter): RedisDeadLetter {
  const { group, kind, pattern } = of;
  const { error, attempts, entryId, fields } = letter;
  const diedAt = new Date(Number(id.slice(0, id.indexOf('-'))));
  const message = messageOfDeadLetter(() => {
    const { head = '', body } = readEntry(fields) ?? {};
    return readEnvelope(head, body, { pattern });
  });
  return { id, key, group, kind, pattern, error, attempts, diedAt, entryId, ...message };
}
