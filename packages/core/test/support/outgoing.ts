import type { OutgoingCall } from '../../src/correlation/index.ts';
import type { Body, Reply } from '../../src/envelope/index.ts';

/** A call as `prepareCall` gives it. */
export function outgoing(overrides: Partial<OutgoingCall> = {}): OutgoingCall {
  return {
    pattern: 'sum',
    data: undefined,
    headers: undefined,
    preparedAt: performance.now(),
    deadline: Number.POSITIVE_INFINITY,
    limit: undefined,
    schema: undefined,
    onAbort: undefined,
    ...overrides,
  };
}

/** A reply to it, as JSON text. */
export function replyOf(body: Body, last: boolean): Reply {
  return { kind: 'reply', id: 1, contentType: undefined, body, last };
}
