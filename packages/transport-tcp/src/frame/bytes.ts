/**
 * Numbers and text in buffers, for the paths that every frame takes. Node's own methods check their arguments each
 * time and are not inlined; callers here have checked what is to be checked. Numbers are big-endian.
 */

/** What Buffer has besides its documented methods, since its beginnings: the work without the reading of arguments. */
interface RawText {
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, offset: number): number;
}

export function getUint16(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

export function getUint32(buffer: Buffer, at: number): number {
  const low =
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number);
  return low >>> 0;
}

/** A store into a byte keeps the lowest 8 bits. */
export function putUint16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 8;
  buffer[at + 1] = value;
}

export function putUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** What is not UTF-8 becomes U+FFFD. */
export function getText(buffer: Buffer, start: number, end: number): string {
  return (buffer as unknown as RawText).utf8Slice(start, end);
}

/** Returns how many bytes it took; the caller has made room. Lone surrogates become U+FFFD. */
export function putText(buffer: Buffer, at: number, text: string): number {
  return (buffer as unknown as RawText).utf8Write(text, at);
}
