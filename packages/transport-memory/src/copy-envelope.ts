import type { Body, Envelope, Headers } from '@parley/core/transport';

/**
 * A copy that shares nothing which could be changed: a handler may write into the bytes that it gets, as it may
 * with those that a socket gave it, and neither the sender nor another handler sees it. Text cannot be changed.
 */
export function copyEnvelope<Kind extends Envelope>(envelope: Kind): Kind {
  const { body, headers } = envelope as { body?: Body; headers?: Headers };
  if (headers === undefined && !(body instanceof Uint8Array)) return { ...envelope };
  return {
    ...envelope,
    ...(body instanceof Uint8Array && { body: new Uint8Array(body) }),
    ...(headers !== undefined && { headers: { ...headers } }),
  };
}
