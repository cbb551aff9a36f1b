import { setImmediate as tick } from 'node:timers/promises';
import * as fc from 'fast-check';
import { interval, of } from 'rxjs';
import { expect, it } from 'vitest';
import type { MessageContext } from '../src/context/index.ts';
import { Dispatcher, WarningLog } from '../src/dispatch/index.ts';
import type { Envelope } from '../src/envelope/index.ts';
import { type HandlerRecord, HandlerRegistry } from '../src/registry/index.ts';
import { type Link, type Receiver, resolveEndpointOptions } from '../src/seam/index.ts';
import { Calls, type Session, SessionHub } from '../src/session/index.ts';
import { LogBook } from './support/log-book.ts';
import { recordOf } from './support/records.ts';

/** One end of a wire that takes its time; `shared` as a connection, else as a broker, which says who answers. */
class End implements Link {
  readonly maxBody = 1 << 20;
  readonly shared: boolean;
  readonly session: Session;
  readonly dispatcher: Dispatcher;
  readonly calls: Calls;
  peer: End | undefined;
  readonly #receiver: Receiver;

  constructor(shared: boolean, records: readonly HandlerRecord[]) {
    this.shared = shared;
    const registry = new HandlerRegistry();
    for (const record of records) registry.add(record);
    const options = resolveEndpointOptions('test', { maxBacklog: 5, buffer: 4 });
    const log = new WarningLog(new LogBook(), 'test');
    this.dispatcher = new Dispatcher({ transport: 'test', registry, interceptors: [], options, log });
    const hub = new SessionHub({ options, dispatcher: this.dispatcher, log });
    this.#receiver = hub.attach(this);
    this.session = [...hub.sessions][0] as Session;
    const { requester } = this.session;
    this.calls = new Calls(options, { pick: () => requester, wait: (_call, over) => over(requester) });
  }

  send(envelope: Envelope): Promise<void> | undefined {
    void tick().then(() => this.peer?.arrive(envelope));
    return undefined;
  }

  cut(): void {
    this.peer = undefined;
    this.#receiver.detach(new Error('cut'));
  }

  arrive(envelope: Envelope): void {
    const { kind } = envelope;
    const isAnswer = kind !== 'request' && kind !== 'event' && kind !== 'cancel' && kind !== 'credit';
    this.#receiver.receive(isAnswer && !this.shared ? { ...envelope, from: 'server' } : envelope);
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

const records: readonly HandlerRecord[] = [
  recordOf('message', 'echo', (data) => data),
  recordOf('message', 'later', async (data) => {
    await tick();
    return data;
  }),
  recordOf('message', 'fails', () => {
    throw new Error('secret');
  }),
  recordOf('message', 'unsendable', () => 1n),
  recordOf('message', 'until cancelled', (_data, { signal }: MessageContext) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('cancelled')));
    });
  }),
  recordOf('message', 'generator', async function* (data) {
    for (const number of numbers(data as number)) {
      yield number;
      await tick();
    }
  }),
  recordOf('message', 'endless', async function* () {
    for (let number = 0; ; number += 1) yield number;
  }),
  recordOf('message', 'breaks', async function* () {
    yield 1;
    throw new Error('secret');
  }),
  recordOf('message', 'observable', (data) => of(...numbers(data as number))),
  recordOf('message', 'clock', () => interval(1)),
];

const call = fc.record({
  pattern: fc.constantFrom('nobody', ...records.map(({ key }) => key)),
  data: fc.integer({ min: 0, max: 12 }),
  timeout: fc.constantFrom(0, 3, 1000),
  /** Ticks until it is aborted. */
  abortAfter: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
  /** How many replies to read of a stream; `undefined` is no stream. */
  read: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

async function make(calls: Calls, { pattern, data, timeout, abortAfter, read }: Call): Promise<unknown> {
  const controller = new AbortController();
  const options = { timeout, signal: controller.signal };
  const giveUp = async () => {
    for (let count = 0; count < (abortAfter ?? 0); count += 1) await tick();
    controller.abort();
  };
  // What has no end of its own is always given one.
  const isEndless = ['until cancelled', 'endless', 'clock'].includes(pattern) && (read === undefined || timeout === 0);
  if (abortAfter !== undefined || isEndless) void giveUp();
  if (read === undefined) return calls.send(pattern, data, options);
  const values: unknown[] = [];
  for await (const value of calls.stream(pattern, data, options)) {
    values.push(value);
    if (values.length >= read) break;
  }
  return values;
}

it.each([true, false])(
  'every call settles, and nothing is left of any, whatever happens (shared: %s)',
  async (shared) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 1, maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        async (plan, cutAfter) => {
          const [client, server] = [new End(shared, []), new End(shared, records)];
          [client.peer, server.peer] = [server, client];
          const outcomes = Promise.allSettled(plan.map(async (one) => make(client.calls, one)));
          if (cutAfter !== undefined) {
            for (let count = 0; count < cutAfter; count += 1) await tick();
            client.cut();
            server.cut();
          }
          for (const outcome of await outcomes) {
            if (outcome.status === 'fulfilled') continue;
            expect(outcome.reason).toMatchObject({
              name: expect.stringMatching(/^(RpcException|TimeoutError)$/) as string,
            });
            expect(String(outcome.reason)).not.toContain('secret');
          }
          expect(client.session.requester.pending).toBe(0);
          // The cancels are on their way, and generators get to their `finally`.
          for (let count = 0; count < 50 && server.dispatcher.workload.running > 0; count += 1) await tick();
          expect(server.dispatcher.workload.running).toBe(0);
          client.cut();
          server.cut();
        },
      ),
      { numRuns: 60 },
    );
  },
);
