import type { Body } from '@parley/core/transport';

/**
 * A message on a channel: the head, a line feed, the body. A head is one line of JSON, so the first line feed ends it.
 *
 * Text stays text: ioredis then writes the command without a copy.
 */
export function packMessage(head: string, body: Body): string | Buffer {
  if (body === undefined) return head;
  if (typeof body === 'string') return `${head}\n${body}`;
  return Buffer.concat([Buffer.from(`${head}\n`), body]);
}

/** What came on a channel, taken apart. */
export interface PackedMessage {
  readonly head: string;
  /** `undefined` without a line feed. Shares its memory with the message. */
  readonly body: Buffer | undefined;
}

/**
 * Any bytes are a head and perhaps a body; whether the head makes sense is for `readEnvelope` to say.
 *
 * @param from where in `bytes` the message begins; it ends before `to`.
 */
export function unpackMessage(bytes: Buffer, from = 0, to = bytes.length): PackedMessage {
  const end = bytes.indexOf(lineFeed, from);
  if (end < 0 || end >= to) return { head: bytes.toString('utf8', from, to), body: undefined };
  return { head: bytes.toString('utf8', from, end), body: bytes.subarray(end + 1, to) };
}

const lineFeed = 0x0a;
