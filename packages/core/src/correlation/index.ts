export { CallTable } from './call-table.ts';
export { DeadlineTimer } from './deadline-timer.ts';
export { type OutgoingCall, PendingCall } from './pending-call.ts';
export { StreamCall, type StreamControl } from './stream-call.ts';
export { UnaryCall } from './unary-call.ts';
