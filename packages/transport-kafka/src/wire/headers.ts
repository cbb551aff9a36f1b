import { Buffer, isUtf8 } from 'node:buffer';
import { checkHeaders, type Headers, maxHeaderBytes } from '@parley/core/transport';
import type { DriverRecord } from '../driver/driver.ts';

/** Kafka headers of the library itself. Users cannot have headers that begin with it. */
const reservedPrefix = 'parley-';

/** What the record is, as one line of JSON: core's head. One header, as each costs (17 % at 64 callers, 42 % at 256, measured for several). */
export const headHeader = 'parley-head';
/** An event that is for one group only: a dead letter that was put back. */
export const groupHeader = 'parley-group';

export type RecordHeaders = NonNullable<DriverRecord['headers']>;

/** The text of a header; `undefined` if it is not there or no UTF-8. Of several with one name the last, as in Kafka's own `lastHeader`. */
export function headerText(headers: RecordHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  if (last === undefined || typeof last === 'string') return last;
  return isUtf8(last) ? last.toString() : undefined;
}

/** The user's headers of a record that one of us has sent. @throws RpcException 400 naming the header that is wrong. */
export function userHeaders(headers: RecordHeaders): Headers | undefined {
  let found: Record<string, string | null> | undefined;
  for (const name in headers) {
    if (name.startsWith(reservedPrefix)) continue;
    found ??= Object.create(null) as Record<string, string | null>;
    // What is no text is refused as such.
    found[name] = headerText(headers, name) ?? null;
  }
  return checkHeaders(found);
}

/** Those headers of somebody else's record that a handler can have: what Parley has no room for is left to `ctx.message`. */
export function foreignHeaders(headers: RecordHeaders): Headers | undefined {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  let bytes = 0;
  for (const name in headers) {
    const text = headerText(headers, name);
    if (text === undefined || name.startsWith(reservedPrefix)) continue;
    const key = name.toLowerCase();
    bytes += key.length + Buffer.byteLength(text);
    if (bytes > maxHeaderBytes) break;
    try {
      checkHeaders({ [key]: text });
    } catch {
      continue;
    }
    found[key] = text;
  }
  return checkHeaders(found);
}
