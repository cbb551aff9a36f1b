/** The door for authors of transports: the seam, the envelope, and what helps to implement them. */

export { MessageContext } from './context/index.ts';
export { Bag, type Placed } from './correlation/index.ts';
export { within } from './dispatch/index.ts';
export {
  type Answer,
  type Arrival,
  type Body,
  type CallId,
  type Cancel,
  type Complete,
  type Control,
  type Credit,
  checkHeaders,
  type Defer,
  type Envelope,
  type Event,
  type Failure,
  type Headers,
  kindsOn,
  maxHeaderBytes,
  parseReturnAddress,
  type Refused,
  type Reply,
  type Request,
  type ReturnAddress,
  readEnvelope,
  returnAddress,
  utf8Length,
  writeHead,
} from './envelope/index.ts';
export * from './errors/index.ts';
export { isWildcard, type Matcher, maxPatternLength, wildcardMatcher } from './patterns/index.ts';
export * from './seam/index.ts';
