import { type Body, type Headers, readEnvelope, type WireError } from '@parley/core/transport';
import { readEntry } from '../entry.ts';
import type { DeadLettersOf } from '../stream-keys.ts';
import type { Letter } from './letter.ts';

/** A message that failed for good, as {@link RedisDeadLetters} shows it. */
export interface RedisDeadLetter {
  /** Its own id in the stream of dead letters. */
  readonly id: string;
  /** The key of that stream. */
  readonly key: string;
  /** The group whose handlers failed. */
  readonly group: string;
  readonly kind: 'message' | 'event';
  readonly pattern: string;
  /** What the handlers failed with; its metadata names them. */
  readonly error: WireError;
  /** How often they were tried. */
  readonly attempts: number;
  /** When it died, by the clock of Redis. */
  readonly diedAt: Date;
  /** The id that it had in its own stream, such as `1526919030474-55`: the milliseconds say when it was sent. */
  readonly entryId: string;
  /** `undefined` where there are none, or where the message could not be read at all. */
  readonly headers: Headers | undefined;
  readonly contentType: string | undefined;
  /** Encoded, as it was sent; `undefined` without one, or where the message could not be read at all. */
  readonly body: Body;
}

export function deadLetter(id: string, key: string, of: DeadLettersOf, letter: Letter): RedisDeadLetter {
  const { group, kind, pattern } = of;
  const { error, attempts, entryId } = letter;
  const diedAt = new Date(Number(id.slice(0, id.indexOf('-'))));
  return { id, key, group, kind, pattern, error, attempts, diedAt, entryId, ...contentOf(letter, pattern) };
}

function contentOf({ fields }: Letter, pattern: string): Pick<RedisDeadLetter, 'headers' | 'contentType' | 'body'> {
  try {
    const { head = '', body } = readEntry(fields) ?? {};
    const envelope = readEnvelope(head, body, { pattern });
    if (envelope.kind === 'request' || envelope.kind === 'event') {
      return { headers: envelope.headers, contentType: envelope.contentType, body: envelope.body };
    }
  } catch {
    // What could not be read is why it is here.
  }
  return { headers: undefined, contentType: undefined, body: undefined };
}
