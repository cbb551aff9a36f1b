export { closeTimeout } from './close-timeout.ts';
export {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterSelection,
  errorOfDeadLetter,
  fitsDeadLetterFilter,
  messageOfDeadLetter,
  readDeadLetterFilter,
  selectedDeadLetters,
} from './dead-letters.ts';
export {
  type Backoff,
  type BackoffOptions,
  backoffDelay,
  type EndpointOptions,
  endpointOptionNames,
  missedLeases,
  type ResolvedEndpointOptions,
  type RetryOptions,
  type RetryPolicy,
  resolveEndpointOptions,
  resolveRetry,
} from './endpoint-options.ts';
export { checkIsObject, isFunctions, maxTimerDelay, OptionReader, show } from './options.ts';
export {
  BaseClient,
  BaseTransporter,
  type Class,
  type ContextClass,
  type DeadReason,
  type Delivery,
  type EventRoutes,
  type Hub,
  type Link,
  type Receiver,
  type Routes,
} from './seam.ts';
export {
  defineTransport,
  type Transport,
  type TransportContexts,
  type TransportFactory,
  type TransportOptions,
  type TransportSides,
  Transports,
} from './transport.ts';
