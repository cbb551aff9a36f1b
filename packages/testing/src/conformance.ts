import { describe } from 'vitest';
import { cancel } from './conformance/cancel.ts';
import { closedClient } from './conformance/closed-client.ts';
import { concurrency } from './conformance/concurrency.ts';
import { deadlines } from './conformance/deadlines.ts';
import { defer } from './conformance/defer.ts';
import { drain } from './conformance/drain.ts';
import { errors } from './conformance/errors.ts';
import { events } from './conformance/events.ts';
import { fidelity } from './conformance/fidelity.ts';
import { groups } from './conformance/groups.ts';
import { headers } from './conformance/headers.ts';
import { largePayloads } from './conformance/large-payloads.ts';
import { peerCalls } from './conformance/peer-calls.ts';
import { reconnect } from './conformance/reconnect.ts';
import { requestReply } from './conformance/request-reply.ts';
import { retry } from './conformance/retry.ts';
import { streams } from './conformance/streams.ts';
import type { ConformanceSubject } from './conformance/subject.ts';
import { unwrap } from './conformance/unwrap.ts';
import { validation } from './conformance/validation.ts';

export type { ConformanceSubject, DeadLetterSeen, Supports, World, WorldOptions } from './conformance/subject.ts';

const themes = [
  requestReply,
  errors,
  validation,
  streams,
  cancel,
  deadlines,
  defer,
  headers,
  fidelity,
  largePayloads,
  concurrency,
  events,
  groups,
  retry,
  reconnect,
  drain,
  peerCalls,
  unwrap,
  closedClient,
];

/**
 * The behaviours that every transport must have, as vitest tests: call it in a test file of the transport's package.
 *
 * ```ts
 * describeTransport({ name: 'carrier pigeon', supports: { … }, unwraps: { server: [Loft], client: [Loft] }, create: () => new PigeonWorld() });
 * ```
 *
 * Needs vitest as the runner. docs/writing-a-transport.md says what a world is, and what `supports` asks for.
 */
export function describeTransport(subject: ConformanceSubject): void {
  describe(`the transport ${subject.name}`, () => {
    for (const define of themes) define(subject);
  });
}
