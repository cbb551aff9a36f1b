import { isPlainObject, RpcCode, RpcException } from '../errors/index.ts';
import type { Headers } from './envelope.ts';

/** All names and values of one message together, in bytes of UTF-8: the limit that most HTTP servers have. */
export const maxHeaderBytes = 8192;

/** Header names that start with this are the library's own. */
const reservedHeaderPrefix = 'parley-';

/** A token of RFC 9110 section 5.6.2, lower case only. */
const namePattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Checks what a user gives, or what came from the wire, as headers. A copy is made, so that the caller's object
 * can change afterwards; `undefined` when there are none.
 *
 * @throws RpcException 400 naming the header that is wrong.
 */
export function checkHeaders(headers: unknown): Headers | undefined {
  if (headers === undefined) return undefined;
  if (!isPlainObject(headers)) {
    // A Map, or the Headers of fetch, would look like an object without fields.
    throw badHeaders('headers must be a plain object of strings (of a Map or Headers: Object.fromEntries(headers))');
  }
  const checked: Record<string, string> = Object.create(null) as Record<string, string>;
  let bytes = 0;
  let count = 0;
  for (const [name, value] of Object.entries<unknown>(headers)) {
    if (value === undefined) continue;
    if (!namePattern.test(name)) throw badHeaders(`the header name ${quote(name)} must be lower case ASCII`);
    if (name.startsWith(reservedHeaderPrefix)) {
      throw badHeaders(`the header name ${quote(name)} is reserved (${reservedHeaderPrefix}…)`);
    }
    if (typeof value !== 'string') throw badHeaders(`the header ${quote(name)} must be a string, got ${typeof value}`);
    if (!value.isWellFormed())
      throw badHeaders(`the header ${quote(name)} has a lone surrogate, which is not valid Unicode`);
    bytes += name.length + utf8Length(value);
    if (bytes > maxHeaderBytes) throw badHeaders(`headers are larger than ${maxHeaderBytes} bytes`);
    checked[name] = value;
    count += 1;
  }
  return count === 0 ? undefined : checked;
}

/** What counts towards {@link maxHeaderBytes}. */
export function headerBytes(headers: Headers | undefined): number {
  let bytes = 0;
  for (const name in headers) bytes += name.length + utf8Length(headers[name] ?? '');
  return bytes;
}

/** Bytes that `text` takes as UTF-8, as every encoder writes it (a lone surrogate as U+FFFD: 3 bytes). */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) index += 1; // A pair is 4 bytes for its 2 units.
    }
  }
  return bytes;
}

function badHeaders(what: string): RpcException {
  return new RpcException(`Bad headers: ${what}`, { code: RpcCode.BadRequest });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
