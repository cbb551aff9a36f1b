export {
  binaryContentType,
  type Codec,
  contentTypeOf,
  decodePayload,
  encodePayload,
  jsonCodec,
} from './codec.ts';
export type {
  Answer,
  Body,
  CallId,
  Cancel,
  Complete,
  Control,
  Credit,
  Defer,
  Envelope,
  Event,
  Failure,
  Headers,
  Reply,
  Request,
} from './envelope.ts';
export { writeHead } from './head.ts';
export { checkHeaders, headerBytes, maxHeaderBytes, utf8Length } from './headers.ts';
export { type Arrival, kindsOn, type Refused, readEnvelope } from './read-envelope.ts';
export { parseReturnAddress, type ReturnAddress, returnAddress } from './return-address.ts';
