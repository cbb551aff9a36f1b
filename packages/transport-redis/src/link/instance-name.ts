import { randomBytes } from 'node:crypto';

/** Unique for all time, and readable in a list of channels: `orders-x7f3k2m9q1w8`. It is the name of an inbox. */
export function instanceName(who: string): string {
  const random = BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString(36)
    .padStart(16, '0');
  return `${who}-${random}`;
}
