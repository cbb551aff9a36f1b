import { type Body, errorOfDeadLetter, type WireError } from '@parley/core/transport';
import type { Fields } from '../entry.ts';

/** Where a dead letter comes from. */
export interface LetterOrigin {
  /** The key of the stream. */
  readonly stream: string;
  /** The entry's id there. */
  readonly entryId: string;
  readonly group: string;
  readonly attempts: number;
}

/** A dead letter, taken apart. */
export interface Letter extends LetterOrigin {
  readonly error: WireError;
  /** Of the message, as they were: names and values one after the other. */
  readonly fields: readonly Buffer[];
}

/** As many fields of an entry are kept: Lua's stack holds some 8000 values, and what Parley sends has four. */
const maxFields = 1000;

/**
 * The fields of a dead letter: `d`, where it comes from as JSON; `e`, why it died as JSON; then the message's own. Its id says
 * when.
 */
export function writeLetter(origin: LetterOrigin, why: Body, fields: Fields): Fields {
  const { stream, entryId, group, attempts } = origin;
  const error = typeof why === 'string' || why === undefined ? (why ?? 'null') : Buffer.from(why);
  return ['d', JSON.stringify({ stream, entryId, group, attempts }), 'e', error, ...fields.slice(0, 2 * maxFields)];
}

/** `undefined` for what is no dead letter. */
export function readLetter(fields: readonly Buffer[]): Letter | undefined {
  const [d, origin, e, error, ...rest] = fields;
  if (d?.toString() !== 'd' || e?.toString() !== 'e') return undefined;
  try {
    const { stream, entryId, group, attempts } = JSON.parse(String(origin)) as Record<keyof LetterOrigin, unknown>;
    if (typeof stream !== 'string' || typeof entryId !== 'string') return undefined;
    if (typeof group !== 'string' || typeof attempts !== 'number') return undefined;
    return { stream, entryId, group, attempts, error: errorOfDeadLetter(String(error)), fields: rest };
  } catch {
    return undefined;
  }
}
