import { type Arrival, type Envelope, type Refused, readEnvelope } from '@parley/core/transport';
import { unpackMessage } from './message.ts';

/**
 * The envelope of a message that came on a channel.
 *
 * @param whole see `readable`.
 * @param from where in it the message begins, when it came in a parcel; it ends before `to`.
 * @throws RpcException as `readEnvelope`.
 */
export function readMessage(whole: Buffer | string, arrival: Arrival, from?: number, to?: number): Envelope | Refused {
  const { head, body } = unpackMessage(whole, from, to);
  return readEnvelope(head, body, arrival);
}
