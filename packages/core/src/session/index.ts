export { connectionLost, reasonText } from './link-errors.ts';
export { cancelled, type PreparedCall, prepareCall, type Target } from './prepare-call.ts';
export { validated, validatedStream } from './replies.ts';
export { Session, type SessionState } from './session.ts';
export { SessionHub } from './session-hub.ts';
