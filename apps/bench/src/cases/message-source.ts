import type { Message } from '../contestants/service.ts';

/** Texts of `t`, by the size in bytes of the whole as JSON. */
export const small = 'abc';
export const kibibyte = 'abcdefgh'.repeat(126);
export const large = 'abcdefgh'.repeat(8190);

/** @throws Error when it is not what was sent. */
export function check(reply: Message, n: number, t: string): void {
  if (reply.n === n && reply.t === t) return;
  throw new Error(`wrong reply to ${n}: ${JSON.stringify(reply).slice(0, 200)}`);
}
