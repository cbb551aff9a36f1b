import {
  type Arrival,
  type Envelope,
  errorToWire,
  type Refused,
  RpcCode,
  RpcException,
  readEnvelope,
} from '@parley/core/transport';
import { unpackMessage } from './message.ts';

/** The kinds of envelopes that a channel or stream may carry. */
export type Kinds = ReadonlySet<Envelope['kind']>;

export const requestKind: Kinds = new Set<Envelope['kind']>(['request']);
export const eventKind: Kinds = new Set<Envelope['kind']>(['event']);
export const controlKinds: Kinds = new Set<Envelope['kind']>(['cancel', 'credit']);
/** Of an inbox. A request would have come past what says who may send it. */
export const inboxKinds: Kinds = new Set<Envelope['kind']>([...controlKinds, 'reply', 'error', 'complete', 'defer']);

/**
 * The envelope of a message that came on a channel.
 *
 * @throws RpcException 400 for what is none, or not of these kinds; 501 for another version.
 */
export function readMessage(message: Buffer, arrival: Arrival, kinds: Kinds, maxBody: number): Envelope | Refused {
  const { head, body } = unpackMessage(message);
  return readParts(head, body, arrival, kinds, maxBody);
}

/** As {@link readMessage}, where head and body came apart: in the entry of a stream. */
export function readParts(
  head: string,
  body: Buffer | undefined,
  arrival: Arrival,
  kinds: Kinds,
  maxBody: number,
): Envelope | Refused {
  const isTooLarge = body !== undefined && body.length > maxBody;
  const envelope = readEnvelope(head, isTooLarge ? body.subarray(0, 0) : body, arrival);
  if (envelope.kind === 'refused') return envelope;
  if (!kinds.has(envelope.kind)) {
    throw new RpcException(`A message of the kind "${envelope.kind}" does not belong here`, {
      code: RpcCode.BadRequest,
    });
  }
  return isTooLarge ? withoutBody(envelope, body.length, maxBody) : envelope;
}

/** Whoever waits for it is told: nobody is told by silence. */
function withoutBody(envelope: Envelope, bytes: number, limit: number): Envelope | Refused {
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
