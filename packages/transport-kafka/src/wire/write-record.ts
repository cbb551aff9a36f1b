import { Buffer } from 'node:buffer';
import { type Body, type Envelope, type Headers, writeHead } from '@parley/core/transport';
import type { DriverMessage } from '../driver/driver.ts';
import { headHeader } from './headers.ts';

export type RecordContent = Pick<DriverMessage, 'value' | 'headers'>;

/** An envelope as a record: the head in one header, the user's headers as Kafka's own, and the body as the value. */
export function writeRecord(envelope: Envelope, instance: string): RecordContent {
  if (envelope.kind === 'event' || envelope.kind === 'request') {
    const { headers } = envelope;
    // An event's key is the record's.
    const isBare = headers === undefined && (envelope.kind === 'request' || envelope.key === undefined);
    const bare = isBare ? envelope : { ...envelope, headers: undefined, key: undefined };
    return { value: valueOf(envelope.body), headers: withHead(writeHead(bare, instance), headers) };
  }
  const head = writeHead(envelope, instance);
  const body = envelope.kind === 'reply' || envelope.kind === 'error' ? envelope.body : undefined;
  return { value: valueOf(body), headers: { [headHeader]: head } };
}

function withHead(head: string, headers: Headers | undefined): Readonly<Record<string, string>> {
  return headers === undefined ? { [headHeader]: head } : { ...headers, [headHeader]: head };
}

/** No body is a null value: with a key, in a compacted topic, a tombstone. Bytes are copied: they leave later than `send` returns. */
function valueOf(body: Body): Buffer | string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : Buffer.from(body);
}
