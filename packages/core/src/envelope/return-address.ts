import type { CallId } from './envelope.ts';

/** A call as the answering side of a broker names it: whose it is, and what it is called there. */
export interface ReturnAddress {
  /** The instance that asks; it has no `/`. */
  readonly inbox: string;
  readonly id: number;
}

/** Unique in the broker, and all that an answer needs to find its way back: `orders-x7f3/42`. */
export function returnAddress(inbox: string, id: CallId): string {
  return `${inbox}/${id}`;
}

/** `undefined` for what is no return address. */
export function parseReturnAddress(callId: CallId): ReturnAddress | undefined {
  if (typeof callId !== 'string') return undefined;
  const slash = callId.lastIndexOf('/');
  const id = slash > 0 ? callIdNumber(callId.slice(slash + 1)) : undefined;
  return id === undefined ? undefined : { inbox: callId.slice(0, slash), id };
}

/** Decimal digits of a u32, and nothing else. */
function callIdNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff ? Number(text) : undefined;
}
