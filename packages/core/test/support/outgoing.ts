import type { OutgoingCall } from '../../src/correlation/index.ts';

/** A call as `prepareCall` gives it. */
export function outgoing(overrides: Partial<OutgoingCall> = {}): OutgoingCall {
  return {
    pattern: 'sum',
    data: undefined,
    headers: undefined,
    deadline: Number.POSITIVE_INFINITY,
    limit: Number.POSITIVE_INFINITY,
    onAbort: undefined,
    ...overrides,
  };
}
