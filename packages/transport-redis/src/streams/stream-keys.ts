import type { Names } from '../names.ts';

/** What the keys of `mode: 'streams'` are called besides those in {@link Names}. */

/** The dead letters of one group from one stream, in the stream's slot: other groups' are not its business. */
export function deadLettersKey(names: Names, stream: string, group: string): string {
  return `${names.deadLetters(stream)}:${group}`;
}

/** Where the key of dead letters leads back to; `undefined` for what is none. */
export function readDeadLettersKey(names: Names, key: string): DeadLettersOf | undefined {
  const prefix = `${names.prefix}d:`;
  // A stream's key ends with its first closing brace after the prefix: those of the pattern are escaped.
  const end = key.indexOf('}', prefix.length);
  if (!key.startsWith(prefix) || end < 0 || key[end + 1] !== ':') return undefined;
  const stream = `${names.prefix}${key.slice(prefix.length, end + 1)}`;
  const read = names.readStream(stream);
  return read === undefined ? undefined : { ...read, stream, group: key.slice(end + 2) };
}

export interface DeadLettersOf {
  readonly stream: string;
  readonly kind: 'message' | 'event';
  readonly pattern: string;
  readonly group: string;
}

/** The set of the keys of all dead letters. */
export function deadLettersSet(names: Names): string {
  return `${names.prefix}dead`;
}

/** The hash that says since when a group wants which events. */
export function enrolmentKey(names: Names, group: string): string {
  return `${names.prefix}groups:${group}`;
}

/** Keys with the same one share a slot in a cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags */
export function slotTag(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key;
}
