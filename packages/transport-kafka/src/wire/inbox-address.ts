import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';

/** Where one instance, client or server, is reached: its partition of a topic for answers, and who it is among those that read there. */
export interface InboxAddress {
  readonly topic: string;
  readonly partition: number;
  /** The key of records that are for it. */
  readonly token: string;
}

/** None of it can be in the name of a topic, or in a token. */
const separator = ':';

/**
 * The address as the name of an instance, so that a request says where its answer goes and an answer where its cancel
 * goes: `parley.replies.users:3:p2k7x9…`.
 */
export function inboxName({ topic, partition, token }: InboxAddress): string {
  return `${topic}${separator}${partition}${separator}${token}`;
}

/** `undefined` for what is no name of an inbox. */
export function parseInboxName(name: string): InboxAddress | undefined {
  const [, topic, partition, token] = /^([A-Za-z0-9._-]{1,249}):(\d{1,9}):([a-z0-9]{1,64})$/.exec(name) ?? [];
  if (topic === undefined || partition === undefined || token === undefined) return undefined;
  return { topic, partition: Number(partition), token };
}

/** 80 random bits: no two instances of a broker's life have the same. */
export function newToken(): string {
  return BigInt(`0x${randomBytes(10).toString('hex')}`).toString(36);
}

export function tokenKey(token: string): Buffer {
  return Buffer.from(token, 'latin1');
}
