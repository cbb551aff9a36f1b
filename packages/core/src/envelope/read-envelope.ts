import { Buffer, isUtf8 } from 'node:buffer';
import { errorToWire, RpcCode, RpcException } from '../errors/index.ts';
import type { Answer, Body, CallId, Envelope, Event, Headers } from './envelope.ts';
import { headVersion } from './head.ts';
import {
  address,
  count,
  type Fields,
  flag,
  isCount,
  malformed,
  name,
  optional,
  show,
  text,
  uint32,
} from './head-fields.ts';
import { checkHeaders } from './headers.ts';

/** What the receiving transport knows of a message besides its head and body. */
export interface Arrival {
  /** From the name of the channel or topic; empty for an inbox. */
  readonly pattern: string;
  /** The driver's own message, for the transport's context class. */
  readonly source?: unknown;
  /** Of an event: see {@link Event.audience}. */
  readonly audience?: Event['audience'];
  /** Of a request: the milliseconds that it has waited, by the broker's clock. */
  readonly waited?: number | undefined;
  /** What may come this way: a request that came to an inbox would have come past what says who may send it. Default: all. */
  readonly kinds?: Kinds | undefined;
  /** The largest body in bytes that this side takes. What is larger is refused, whoever waits for it is told. Default: none. */
  readonly maxBody?: number | undefined;
}

/** A body as it came; a string is ASCII. */
type RawBody = Buffer | string | undefined;

type Kinds = ReadonlySet<Envelope['kind']>;
const control = ['cancel', 'credit'] as const;

/** What may come by which way, for {@link Arrival.kinds}. */
export const kindsOn = {
  requests: new Set(['request']) as Kinds,
  events: new Set(['event']) as Kinds,
  /** To one instance. */
  inbox: new Set(['reply', 'error', 'complete', 'defer', ...control]) as Kinds,
  /** To all who may hold a request. */
  control: new Set(control) as Kinds,
};

/** A message whose only fault is what its sender put into it: a request is to be answered with `reason`, an event dropped. */
export interface Refused {
  readonly kind: 'refused';
  /** Of a request; `undefined` for an event. */
  readonly id: CallId | undefined;
  readonly reason: RpcException;
}

/** The longest head that is read, in UTF-16 units: 8 KiB of headers with every character escaped, and the rest. */
const maxHeadLength = 65_536;

/**
 * The envelope that came as `head` (see `writeHead`) with `body`; whatever is not exactly that is refused.
 *
 * @param body what came beside the head; bytes are copied if they are a small part of their buffer. A string, if the transport has
 * found it to be ASCII, and saves the way over bytes.
 * @throws RpcException 400 for what is no head, or a body that is not what the head says; 501 for another version.
 */
export function readEnvelope(head: string, body: RawBody, arrival: Arrival): Envelope | Refused {
  const { kinds, maxBody = Number.POSITIVE_INFINITY } = arrival;
  const isTooLarge = body !== undefined && body.length > maxBody;
  const envelope = read(parseHead(head), isTooLarge ? nothing : body, arrival);
  if (kinds !== undefined && envelope.kind !== 'refused' && !kinds.has(envelope.kind)) {
    throw malformed(`a message of the kind "${envelope.kind}" does not belong here`);
  }
  return isTooLarge ? withoutBody(envelope, body.length, maxBody) : envelope;
}

const nothing = Buffer.alloc(0);

function read(fields: Fields, body: RawBody, arrival: Arrival): Envelope | Refused {
  const kind = fields[1];
  switch (kind) {
    case 'request':
      return request(fields, body, arrival);
    case 'event':
      return event(fields, body, arrival);
    case 'reply':
    case 'error':
    case 'complete':
    case 'defer':
      return answer(kind, fields, body);
    case 'cancel':
      return { kind, id: address(fields, 2), to: undefined, pattern: arrival.pattern };
    case 'credit':
      return { kind, id: address(fields, 2), to: undefined, pattern: arrival.pattern, total: count(fields, 3) };
    default:
      throw malformed(`the kind ${show(kind)} is unknown`);
  }
}

function parseHead(head: string): Fields {
  if (head.length > maxHeadLength) throw malformed(`it is longer than ${maxHeadLength} characters`);
  let fields: unknown;
  try {
    fields = JSON.parse(head);
  } catch {
    throw malformed('it is not JSON');
  }
  if (!Array.isArray(fields)) throw malformed('it is not an array');
  if (fields[0] === headVersion) return fields;
  if (!isCount(fields[0])) throw malformed('it does not begin with a version');
  throw new RpcException(`A message in version ${fields[0]} of the protocol; this side speaks ${headVersion}`, {
    code: RpcCode.Unsupported,
  });
}

function answer(kind: Answer['kind'], fields: Fields, body: RawBody): Answer {
  const id = uint32(fields, 2);
  const from = name(fields, 3);
  const seq = optional(fields, 4, count);
  switch (kind) {
    case 'reply': {
      const contentType = optional(fields, 7, name);
      return { kind, id, from, seq, last: flag(fields, 5), contentType, body: readBody(fields[6], body) };
    }
    case 'error':
      return { kind, id, from, seq, body: readBody(fields[5], body) };
    case 'complete':
      return { kind, id, from, seq };
    case 'defer':
      return { kind, id, from, seq, timeout: count(fields, 5) };
  }
}

function request(fields: Fields, body: RawBody, { pattern, source, waited = 0 }: Arrival) {
  const id = address(fields, 2);
  const timeout = timeLeft(count(fields, 3), waited);
  const credit = count(fields, 4);
  const contentType = optional(fields, 6, name);
  const content = readBody(fields[5], body);
  const headers = readHeaders(fields[7]);
  if (headers instanceof RpcException) return { kind: 'refused', id, reason: headers } as const;
  return { kind: 'request', id, pattern, headers, contentType, body: content, source, timeout, credit } as const;
}

function event(fields: Fields, body: RawBody, { pattern, source, audience }: Arrival) {
  const key = optional(fields, 2, text);
  const contentType = optional(fields, 4, name);
  const content = readBody(fields[3], body);
  const headers = readHeaders(fields[5]);
  if (headers instanceof RpcException) return { kind: 'refused', id: undefined, reason: headers } as const;
  return { kind: 'event', pattern, headers, contentType, body: content, source, key, audience } as const;
}

/** Whoever waits for it is told: nobody is told by silence. */
function withoutBody(envelope: Envelope | Refused, bytes: number, limit: number): Envelope | Refused {
  const reason = new RpcException(
    `The payload takes ${bytes} bytes and the limit is ${limit}: send less, or raise the limit on both sides`,
    { code: RpcCode.PayloadTooLarge, details: { bytes, limit } },
  );
  switch (envelope.kind) {
    case 'request':
      return { kind: 'refused', id: envelope.id, reason };
    case 'event':
      return { kind: 'refused', id: undefined, reason };
    case 'reply':
    case 'error': {
      const { id, from, seq } = envelope;
      return { kind: 'error', id, from, seq, body: errorToWire(reason) };
    }
    default:
      return envelope;
  }
}

/** As the seam wants it: 0 is no limit, below 0 is too late. */
function timeLeft(timeout: number, waited: number): number {
  if (timeout === 0 || waited <= 0) return timeout;
  return timeout > waited ? timeout - waited : -1;
}

function readHeaders(headers: unknown): Headers | RpcException | undefined {
  if (headers === undefined || headers === null) return undefined;
  try {
    return checkHeaders(headers);
  } catch (error) {
    return RpcException.from(error);
  }
}

function readBody(kind: unknown, body: RawBody): Body {
  switch (kind) {
    case 'text': {
      if (typeof body === 'string') return body;
      const content = body?.toString() ?? '';
      // What cannot be decoded becomes U+FFFD, and a search for it in a one-byte string costs nothing.
      if (content.includes('\ufffd') && body !== undefined && !isUtf8(body))
        throw malformed('a text that is not UTF-8');
      return content;
    }
    case 'bytes':
      if (body === undefined) return new Uint8Array(0);
      return typeof body === 'string' ? new TextEncoder().encode(body) : plainBytes(body);
    case undefined:
    case null:
      if (body !== undefined && body.length > 0)
        throw malformed(`it says that there is no body, and one of ${body.length} bytes came`);
      return undefined;
    default:
      throw malformed('a body that is neither text nor bytes');
  }
}

/**
 * Shared with the buffer that they came in, unless they are a small part of it: somebody who keeps 16 bytes should not
 * keep 64 KiB. A plain Uint8Array, as it was sent: a Buffer's `slice` means something else.
 */
function plainBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  const shared = new Uint8Array(buffer, byteOffset, length);
  return 4 * length < buffer.byteLength ? shared.slice() : shared;
}
