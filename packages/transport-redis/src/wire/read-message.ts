import { type Arrival, type Envelope, type Refused, readEnvelope } from '@parley/core/transport';
import { unpackMessage } from './message.ts';

/**
 * The envelope of a message that came on a channel.
 *
 * @throws RpcException as `readEnvelope`.
 */
export function readMessage(message: Buffer, arrival: Arrival): Envelope | Refused {
  const { head, body } = unpackMessage(message);
  return readEnvelope(head, body, arrival);
}
