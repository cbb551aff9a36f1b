import type { Body } from '@parley/core/transport';

/** What is in an entry of a stream. */
export interface Entry {
  readonly head: string;
  readonly body: Buffer | undefined;
  /** The only group that it is for: it was put back from the dead letters. */
  readonly group: string | undefined;
}

/** Names and values of an entry's fields, one after the other. */
export type Fields = readonly (string | Buffer)[];

/** `h` is the head, `b` the body; without a body there is no `b`. */
export function writeEntry(head: string, body: Body): Fields {
  if (body === undefined) return ['h', head];
  return ['h', head, 'b', typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length)];
}

/** `undefined` for what has no head. Fields of other names are nobody's. */
export function readEntry(fields: readonly Buffer[]): Entry | undefined {
  let head: string | undefined;
  let body: Buffer | undefined;
  let group: string | undefined;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as Buffer;
    if (name.length !== 1) continue;
    const value = fields[index + 1] as Buffer;
    if (name[0] === headField) head ??= value.toString();
    else if (name[0] === bodyField) body ??= value;
    else if (name[0] === groupField) group ??= value.toString();
  }
  return head === undefined ? undefined : { head, body, group };
}

const headField = 'h'.charCodeAt(0);
const bodyField = 'b'.charCodeAt(0);
const groupField = 'g'.charCodeAt(0);
