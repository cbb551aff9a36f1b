import { messageOf, RpcCode, RpcException } from '../errors/index.ts';
import type { Body } from './envelope.ts';
import { utf8Length } from './headers.ts';

/**
 * Payload to bytes and back. JSON is the default; any other is given as the option `codec` on both sides.
 *
 * `encode` may throw: the call then ends with 400 and the thrown message. `decode` gets what `encode` gave, text as
 * text and bytes as bytes, and may throw on anything else.
 */
export interface Codec {
  /** Travels with every message, so that the other side knows. Lower case, as in MIME: `application/msgpack`. */
  readonly contentType: string;
  encode(value: unknown): string | Uint8Array;
  decode(body: string | Uint8Array): unknown;
}

/** What a `Uint8Array` travels as: untouched, whatever the codec. */
export const binaryContentType = 'application/octet-stream';
const jsonContentType = 'application/json';

/** JSON as in RFC 8259. Refuses a `__proto__` key, which would change the prototype of what it is merged into. */
export const jsonCodec: Codec = {
  contentType: jsonContentType,
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
    return text;
  },
  decode(body) {
    const text = typeof body === 'string' ? body : utf8.decode(body);
    return mayNameProto(text) ? JSON.parse(text, refuseProto) : JSON.parse(text);
  },
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Cheap, and rarely true: only then every key is looked at. V8 looks for up to six characters without preparing for it,
 * which for a small text takes longer than to look.
 */
function mayNameProto(text: string): boolean {
  return text.includes('__pro') || (text.includes('\\u00') && escapedLetter.test(text));
}

/** Each character of `__proto__` may be written as an escape: U+005F, U+006F, U+0070, U+0072, U+0074. */
const escapedLetter = /\\u00[567]/;

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('the key "__proto__" is not allowed');
  return value;
}

/**
 * A payload as it crosses the wire: `undefined` becomes no body, a `Uint8Array` travels as it is, all else goes through the
 * codec. {@link contentTypeOf} says how it is encoded: in two calls, because a pair would be one more object for each message.
 *
 * @throws RpcException 400 when the value cannot be encoded, 413 when it takes more than `maxBody` bytes.
 */
export function encodePayload(value: unknown, codec: Codec, maxBody: number): Body {
  if (value === undefined) return undefined;
  let body: string | Uint8Array;
  try {
    body = value instanceof Uint8Array ? value : encode(value, codec);
  } catch (cause) {
    throw new RpcException(`The payload cannot be encoded as ${codec.contentType}: ${messageOf(cause, 200)}`, {
      code: RpcCode.BadRequest,
      cause,
    });
  }
  checkSize(body, maxBody);
  return body;
}

/** Of what {@link encodePayload} makes of `value`. `undefined`: JSON, or no body at all. */
export function contentTypeOf(value: unknown, codec: Codec): string | undefined {
  if (codec.contentType === jsonContentType) return value instanceof Uint8Array ? binaryContentType : undefined;
  if (value === undefined) return undefined;
  return value instanceof Uint8Array ? binaryContentType : codec.contentType;
}

/** Throws what the codec throws, or what looking at the value throws: it may be a Proxy. */
function encode(value: unknown, codec: Codec): string | Uint8Array {
  const body = codec.encode(value);
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new TypeError('it gave neither text nor bytes');
  return body;
}

/** @throws RpcException 400 when the body is not what its content type says, or nobody here knows that type. */
export function decodePayload(body: Body, contentType: string | undefined, codec: Codec): unknown {
  if (contentType === binaryContentType) {
    return typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array(0));
  }
  if (body === undefined) return undefined;
  // Others add parameters, such as a charset, which JSON does not need.
  const isJson = contentType === undefined || contentType.split(';', 1)[0] === jsonContentType;
  const reader = isJson && codec.contentType !== jsonContentType ? jsonCodec : codec;
  if (!isJson && contentType !== reader.contentType) {
    throw new RpcException(
      `A payload of type ${JSON.stringify(contentType)} came, and this side reads ${codec.contentType} and JSON: give both sides the same codec`,
      { code: RpcCode.BadRequest },
    );
  }
  try {
    return reader.decode(body);
  } catch (cause) {
    throw new RpcException(`The payload is not valid ${reader.contentType}: ${messageOf(cause, 200)}`, {
      code: RpcCode.BadRequest,
      cause,
    });
  }
}

/** @throws RpcException 413 */
function checkSize(body: Body, maxBody: number): void {
  if (body === undefined) return;
  // A UTF-16 unit takes at most 3 bytes: only texts near the limit are counted.
  if (typeof body === 'string' && body.length * 3 <= maxBody) return;
  const bytes = typeof body === 'string' ? utf8Length(body) : body.byteLength;
  if (bytes > maxBody) {
    throw new RpcException(
      `The payload takes ${bytes} bytes and the limit is ${maxBody}: send less, or raise the limit on both sides`,
      {
        code: RpcCode.PayloadTooLarge,
        details: { bytes, limit: maxBody },
      },
    );
  }
}
