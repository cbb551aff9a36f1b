import type { Body, Envelope, Headers, Refused } from '../envelope/index.ts';
import { isPlainObject, RpcCode, RpcException, type WireError } from '../errors/index.ts';
import { OptionReader } from './options.ts';

/** A message that failed for good, as a broker's transport shows it; each adds what else its broker knows. */
export interface DeadLetter {
  /** Which letter it is; another one for a message that died again. */
  readonly id: string;
  /** The group whose handlers failed. */
  readonly group: string;
  readonly kind: 'message' | 'event';
  readonly pattern: string;
  /** What the handlers failed with; its metadata names them. */
  readonly error: WireError;
  /** How often they were tried. */
  readonly attempts: number;
  readonly diedAt: Date;
  /** `undefined` where there are none, or where the message could not be read at all. */
  readonly headers: Headers | undefined;
  readonly contentType: string | undefined;
  /** Encoded, as it was sent; `undefined` without one, or where the message could not be read at all. */
  readonly body: Body;
}

/**
 * Which dead letters: all that fit each field that is given. A field that is given as `undefined` is refused: a variable that was
 * never set must not mean all. Only `group` may be, where the options name one: that is meant then.
 */
export interface DeadLetterFilter {
  /** Default: that of the options, or all. */
  readonly group?: string | undefined;
  readonly kind?: 'message' | 'event';
  /** The key of the pattern: text as it is, an object as JSON with sorted keys. */
  readonly pattern?: string;
}

/** Letters that were listed, or a filter. */
export type DeadLetterSelection<Letter> = Iterable<Letter> | AsyncIterable<Letter> | DeadLetterFilter;

type Message = Pick<DeadLetter, 'headers' | 'contentType' | 'body'>;

/** What a letter says of its message. @param read the message; may throw: that it cannot be read may be why it is dead. */
export function messageOfDeadLetter(read: () => Envelope | Refused): Message {
  try {
    const envelope = read();
    if (envelope.kind === 'request' || envelope.kind === 'event') {
      const { headers, contentType, body } = envelope;
      return { headers, contentType, body };
    }
  } catch {
    // It is not readable.
  }
  return { headers: undefined, contentType: undefined, body: undefined };
}

/** Why it died. @param text the error's wire form as JSON; of anything else, which somebody else has written, 500 with that text. */
export function errorOfDeadLetter(text: string): WireError {
  try {
    const error: unknown = JSON.parse(text);
    if (typeof error === 'object' && error !== null && 'error' in error && 'code' in error) return error as WireError;
  } catch {
    // No JSON.
  }
  return { error: text, code: RpcCode.Internal };
}

/**
 * A filter, complete.
 *
 * @param group of the options.
 * @throws RpcException 400 for one that is none: without what it was to say, it would mean more letters than it should.
 */
export function readDeadLetterFilter(
  transport: string,
  filter: DeadLetterFilter,
  group: string | undefined,
): DeadLetterFilter {
  const what = `${transport}: the filter of dead letters`;
  // A promise or a map has no fields, either, and does not mean all.
  if (!isPlainObject(filter)) throw notLetters(transport);
  const read = new OptionReader(what, filter, ['group', 'kind', 'pattern']);
  const kind = filter.kind ?? undefined;
  const wanted = {
    group: read.string('group') ?? group,
    kind: kind === undefined ? undefined : read.oneOf('kind', ['message', 'event']),
    pattern: read.string('pattern'),
  };
  for (const name of Object.keys(filter) as (keyof DeadLetterFilter)[]) {
    if (wanted[name] === undefined) throw read.error(name, 'must be left out to mean all');
  }
  return wanted as DeadLetterFilter;
}

/** Whether a letter is meant by a filter that {@link readDeadLetterFilter} has given. */
export function fitsDeadLetterFilter(
  letter: Pick<DeadLetter, 'group' | 'kind' | 'pattern'>,
  { group = letter.group, kind = letter.kind, pattern = letter.pattern }: DeadLetterFilter,
): boolean {
  return letter.group === group && letter.kind === kind && letter.pattern === pattern;
}

/**
 * The letters that are meant.
 *
 * @param list those that fit a filter.
 * @throws RpcException 400 for what are neither letters nor a filter.
 */
export function selectedDeadLetters<Letter>(
  transport: string,
  which: DeadLetterSelection<Letter>,
  list: (filter: DeadLetterFilter) => AsyncIterable<Letter>,
): Iterable<Letter> | AsyncIterable<Letter> {
  if (typeof which !== 'object' || which === null) throw notLetters(transport);
  return Symbol.iterator in which || Symbol.asyncIterator in which ? which : list(which);
}

function notLetters(transport: string): RpcException {
  return new RpcException(`${transport}: give the dead letters, or a filter of them; {} for all`, {
    code: RpcCode.BadRequest,
  });
}
