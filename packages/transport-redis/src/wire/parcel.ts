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
  const head = `${opening}${messages.map((message) => Buffer.byteLength(message)).join(',')}]\n`;
  if (messages.every((message) => typeof message === 'string')) return head + messages.join('');
  return Buffer.concat([head, ...messages].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

/**
 * Where the messages of a parcel begin and end: the first begins at the first number, and each ends where the next one
 * begins. `undefined` for what is no parcel.
 *
 * @throws RpcException 400 for lengths that are none, or that are not those of what follows.
 */
export function readParcel(message: Buffer): readonly number[] | undefined {
  // The quick look: no other kind begins with its letter.
  if (message[letterAt] !== letter || message.toString('latin1', 0, opening.length) !== opening) return undefined;
  const end = message.indexOf(lineFeed);
  if (end < 0 || message[end - 1] !== bracket) throw malformed();
  const bounds = [end + 1];
  let at = end + 1;
  for (const length of message.toString('latin1', opening.length, end - 1).split(',')) {
    if (!/^[1-9]\d{0,9}$/.test(length)) throw malformed();
    at += Number(length);
    bounds.push(at);
  }
  if (at !== message.length) throw malformed();
  return bounds;
}

const opening = '[1,"parcel",';
const letterAt = 4;
const letter = 'p'.charCodeAt(0);
const bracket = ']'.charCodeAt(0);
const lineFeed = 0x0a;

function malformed(): RpcException {
  return new RpcException('A parcel whose lengths are not those of its messages', { code: RpcCode.BadRequest });
}
