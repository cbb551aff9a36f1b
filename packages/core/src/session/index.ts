export { BoundedWait, type WaitingCall } from './bounded-wait.ts';
export { Calls } from './calls.ts';
export { closeSide } from './close-side.ts';
export { LazyIterator } from './lazy-iterator.ts';
export { connectedAgain, reasonText } from './link-errors.ts';
export type { Target } from './prepare-call.ts';
export type { Requester } from './requester.ts';
export { Session, type SessionState } from './session.ts';
export { SessionHub } from './session-hub.ts';
