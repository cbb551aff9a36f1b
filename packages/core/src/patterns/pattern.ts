import { isPlainObject, RpcCode, RpcException } from '../errors/index.ts';

/** What a message is addressed by. Two patterns with the same {@link patternKey} are one pattern. */
export type Pattern = string | number | { readonly [name: string]: PatternValue };

type PatternValue =
  | string
  | number
  | boolean
  | null
  | readonly PatternValue[]
  | { readonly [name: string]: PatternValue };

/** In UTF-16 units. Transports may allow less (Kafka: 249 characters of topic name). */
export const maxPatternLength = 1024;

/** Deep enough for any address, shallow enough for every stack. */
const maxDepth = 32;

/**
 * The key of a pattern: text as it is, a number in decimal, an object as canonical JSON (keys sorted by code unit,
 * no spaces).
 *
 * @throws RpcException 400 for an empty or overlong key, text that is not well-formed Unicode, and what is no pattern.
 */
export function patternKey(pattern: Pattern): string {
  const key = typeof pattern === 'string' ? pattern : keyOf(pattern);
  if (key.length === 0) throw badPattern('is empty');
  if (key.length > maxPatternLength) throw badPattern(`is longer than ${maxPatternLength} characters`);
  if (!key.isWellFormed()) throw badPattern('has a lone surrogate, which is not valid Unicode');
  return key;
}

/**
 * The key of a pattern that a message or event is sent to.
 *
 * @throws RpcException 400, also for `*`, which stands for many patterns and can only be listened to.
 */
export function targetKey(pattern: Pattern): string {
  const key = patternKey(pattern);
  if (typeof pattern === 'string' && key.includes('*')) {
    throw badPattern(`${JSON.stringify(key)} has a wildcard, which only an event handler may have`);
  }
  return key;
}

function keyOf(pattern: unknown): string {
  if (typeof pattern === 'number') {
    if (!Number.isFinite(pattern)) throw badPattern(`${pattern} is not a finite number`);
    return decimal(pattern);
  }
  if (!isPlainObject(pattern))
    throw badPattern(`must be a string, a number or a plain object, got ${describe(pattern)}`);
  return canonicalJson(pattern, 0);
}

/** Without an exponent, so that every language writes it alike. */
function decimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  if (Number.isInteger(value)) return BigInt(value).toString();
  throw badPattern(`${text} has no short decimal form`);
}

function canonicalJson(value: unknown, depth: number): string {
  if (depth > maxDepth) throw badPattern(`is nested deeper than ${maxDepth} levels`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${Array.from(value, (item: unknown) => canonicalJson(item, depth + 1)).join(',')}]`;
  if (!isPlainObject(value)) throw badPattern(`holds ${describe(value)}, which JSON cannot`);
  const fields = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name], depth + 1)}`);
  return `{${fields.join(',')}}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? `an instance of ${value.constructor?.name ?? 'a class'}` : `a ${typeof value}`;
}

function badPattern(what: string): RpcException {
  return new RpcException(`Bad pattern: ${what}`, { code: RpcCode.BadRequest });
}
