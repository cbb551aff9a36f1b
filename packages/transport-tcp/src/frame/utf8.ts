import { isUtf8 } from 'node:buffer';
import { getText } from './bytes.ts';

/** The text of these bytes; `undefined` when they are not UTF-8. */
export function readUtf8(buffer: Buffer, start: number, end: number): string | undefined {
  const text = getText(buffer, start, end);
  // What cannot be decoded becomes U+FFFD, and a search for it in a one-byte string costs nothing: only then look closer.
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
}
