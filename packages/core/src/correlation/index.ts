export { Bag, type Placed } from './bag.ts';
export { CallTable } from './call-table.ts';
export { CallWatch } from './call-watch.ts';
export { type OutgoingCall, PendingCall } from './pending-call.ts';
export { StreamCall } from './stream-call.ts';
export { UnaryCall } from './unary-call.ts';
