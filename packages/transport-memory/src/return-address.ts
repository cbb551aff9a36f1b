import type { CallId } from '@parley/core/transport';

/** A call as the answering side names it: whose it is, and what it is called there. */
export interface ReturnAddress {
  readonly inbox: string;
  readonly id: number;
}

/** Unique in the broker, and all that an answer needs to find its way back. */
export function returnAddress(inbox: string, id: CallId): string {
  return `${inbox}/${id}`;
}

/** `undefined` for what is no return address. */
export function parseReturnAddress(callId: CallId): ReturnAddress | undefined {
  if (typeof callId !== 'string') return undefined;
  const slash = callId.lastIndexOf('/');
  if (slash < 0) return undefined;
  return { inbox: callId.slice(0, slash), id: Number(callId.slice(slash + 1)) };
}
