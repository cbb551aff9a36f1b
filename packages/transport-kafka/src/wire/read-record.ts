import { isUtf8 } from 'node:buffer';
import {
  type Arrival,
  type Envelope,
  type Event,
  type Headers,
  type Refused,
  RpcCode,
  RpcException,
  readEnvelope,
} from '@parley/core/transport';
import type { DriverRecord } from '../driver/driver.ts';
import { foreignHeaders, headerText, headHeader, userHeaders } from './headers.ts';

const bytesType = 'application/octet-stream';
/** Of somebody else's `content-type`, in characters: what is longer is none. */
const longestType = 255;

/** @throws RpcException 400 or 501 for what is not ours, and for what is ours and broken. */
export function readRecord(record: DriverRecord, arrival: Arrival): Envelope | Refused {
  const { headers, key } = record;
  const head = headerText(headers, headHeader) ?? '';
  const envelope = readEnvelope(head, record.value ?? undefined, arrival);
  if ((envelope.kind !== 'request' && envelope.kind !== 'event') || headers === undefined) return envelope;
  let own: Headers | undefined;
  try {
    own = userHeaders(headers);
  } catch (error) {
    return {
      kind: 'refused',
      id: envelope.kind === 'request' ? envelope.id : undefined,
      reason: RpcException.from(error),
    };
  }
  if (envelope.kind === 'event') return { ...envelope, headers: own, key: key?.toString() };
  return own === undefined ? envelope : { ...envelope, headers: own };
}

/** @throws RpcException 400 or 501 for what is ours and broken. */
export function readEvent(record: DriverRecord, arrival: Arrival): Envelope | Refused {
  return record.headers?.[headHeader] === undefined ? foreignEvent(record, arrival) : readRecord(record, arrival);
}

/**
 * A record that somebody else has written. Its header `content-type` says what its value is. Without it text is taken for
 * JSON, which is what most write, and bytes that are no text for bytes; no value at all is `undefined`.
 */
function foreignEvent(
  { headers, key, value }: DriverRecord,
  { pattern, source, audience, maxBody = Number.POSITIVE_INFINITY }: Arrival,
): Event | Refused {
  if (value !== null && value.length > maxBody) {
    const reason = new RpcException(`The payload takes ${value.length} bytes and the limit is ${maxBody} ("maxBody")`, {
      code: RpcCode.PayloadTooLarge,
    });
    return { kind: 'refused', id: undefined, reason };
  }
  const type = headerText(headers, 'content-type');
  const announced = type === undefined || type === '' || type.length > longestType ? undefined : type;
  return {
    kind: 'event',
    pattern,
    headers: headers === undefined ? undefined : foreignHeaders(headers),
    contentType: announced ?? (value === null || isUtf8(value) ? undefined : bytesType),
    // A plain one, as from ourselves: a Buffer's `slice` means something else.
    body: value === null ? undefined : new Uint8Array(value),
    source,
    key: key?.toString(),
    audience,
  };
}
