import { RpcCode, RpcException } from '@parley/core/transport';

/**
 * Several messages for one channel, published as one: a head that says how many bytes each has, a line feed, and the messages,
 * one behind the other. A command and what it takes to read it cost more than most messages.
 *
 * ```text
 * [1,"parcel",63,63]
 * [1,"request","api-x7f3/42",20000,0,"text"]
 * …
 * ```
 */
export function packParcel(messages: readonly (string | Buffer)[]): string | Buffer {
  if (messages.every(isText)) {
    const text = messages.join('');
    // As many bytes as characters: that of the whole is that of each.
    const isAscii = Buffer.byteLength(text) === text.length;
    return headOf(messages.map((message) => (isAscii ? message.length : Buffer.byteLength(message)))) + text;
  }
  const parts = messages.map((message) => (isText(message) ? Buffer.from(message) : message));
  return Buffer.concat([Buffer.from(headOf(parts.map(({ length }) => length))), ...parts]);
}

function headOf(lengths: readonly number[]): string {
  return `${opening}${lengths.join(',')}]\n`;
}

function isText(message: string | Buffer): message is string {
  return typeof message === 'string';
}

/**
 * Where the messages of a parcel begin and end: the first begins at the first number, and each ends where the next one
 * begins. `undefined` for what is no parcel.
 *
 * @param message as `readable` gives it.
 * @throws RpcException 400 for lengths that are none, or that are not those of what follows.
 */
export function readParcel(message: Buffer | string): readonly number[] | undefined {
  if (slice(message, 0, opening.length) !== opening) return undefined;
  const end = message.indexOf('\n');
  if (end < 0) throw malformed();
  let at = end + 1;
  const bounds = [at];
  for (const length of readLengths(slice(message, 0, end))) {
    if (!Number.isSafeInteger(length) || length <= 0) throw malformed();
    at += length;
    bounds.push(at);
  }
  if (at !== message.length) throw malformed();
  return bounds;
}

/** Of a head. What is no number the reader refuses. */
function readLengths(head: string): readonly number[] {
  try {
    return (JSON.parse(head) as number[]).slice(2);
  } catch {
    throw malformed();
  }
}

function slice(message: Buffer | string, from: number, to: number): string {
  return typeof message === 'string' ? message.slice(from, to) : message.toString('latin1', from, to);
}

const opening = '[1,"parcel",';

function malformed(): RpcException {
  return new RpcException('A parcel whose lengths are not those of its messages', { code: RpcCode.BadRequest });
}
