import {
  type ClientProxy,
  createClient,
  createMicroservices,
  provideMicroservices,
  RpcException,
  TimeoutError,
} from '@parley/core';
import { MemoryBroker, memory } from '@parley/transport-memory';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectUntilError, gate } from '../conformance/collect.ts';
import { LeakCheck } from '../conformance/leaks.ts';
import { LogBook } from '../conformance/log-book.ts';
import { until } from '../conformance/until.ts';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import type { Fault, FaultPlan, FaultRule } from './fault-plan.ts';
import { type FaultyTransport, faulty } from './faulty.ts';

/** What core promises, tried without a wire: on a link that does what wires do at their worst. */

/** Milliseconds, far more than anything takes here: what they bound is not to fail because the process stood still for a moment. */
const ample = 1000;
const closers: (() => Promise<void>)[] = [];
let leaks: LeakCheck;

beforeEach(() => {
  leaks = new LeakCheck();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await leaks.check(5000);
});

interface Faults {
  readonly server?: FaultPlan;
  readonly client?: FaultPlan;
  /** Three of them are the silence after which a stream is given up. Default: so long that it is not. */
  readonly leaseInterval?: number;
}

interface World {
  readonly client: ClientProxy;
  readonly clientTransport: FaultyTransport;
  readonly serverTransport: FaultyTransport;
  handling(): number;
  readonly echo: ReturnType<typeof recordCalls>;
  readonly ended: { count: number };
  /** A handler that waits for it. */
  readonly goOn: ReturnType<typeof gate>;
}

/** A service and a client, with faults on either side's link. */
async function world({
  server = { rules: [] },
  client = { rules: [] },
  leaseInterval = ample,
}: Faults): Promise<World> {
  const broker = new MemoryBroker();
  const wrap = (plan: FaultPlan) => faulty(memory({ broker, leaseInterval }), plan);
  const [serverTransport, clientTransport] = [wrap(server), wrap(client)];
  const host = createMicroservices({
    providers: [provideMicroservices([{ token: 'service', options: serverTransport, client: false }])],
    logger: new LogBook(),
  });
  const echo = recordCalls((data) => data);
  const ended = { count: 0 };
  const goOn = gate();
  host
    .message('echo', echo)
    .message('slow', async (data, { signal }) => {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([goOn.opened, aborted]);
      if (signal.aborted) ended.count += 1;
      return data;
    })
    .message('count', async function* (data) {
      try {
        for (let index = 0; index < (data as number); index += 1) yield index;
      } finally {
        ended.count += 1;
      }
    });
  await host.start();
  const proxy = createClient(clientTransport, { logger: new LogBook() });
  closers.push(
    () => host.close({ timeout: 500 }),
    () => proxy.close({ timeout: 500 }),
  );
  const handling = () => host.health()['service']?.transporter?.handling ?? 0;
  return { client: proxy, clientTransport, serverTransport, handling, echo, ended, goOn };
}

/** Nothing is pending and nothing runs. */
async function expectRest({ client, handling }: World): Promise<void> {
  await until(() => client.pending === 0, 'no call was pending');
  await until(() => handling() === 0, 'no handler ran');
}

/** One rule for everything that the client sends or gets. */
function once(rule: FaultRule): FaultPlan {
  return { rules: [{ times: 1, ...rule }] };
}

describe('a lost envelope', () => {
  it.each(['request', 'reply'] as const)('ends a call in time when it is the %s', async (kind) => {
    const it = await world({
      client: once({ fault: 'lose', at: kind === 'request' ? 'send' : 'receive', kinds: [kind] }),
    });
    await expect(it.client.send('echo', 1, { timeout: ample })).rejects.toBeInstanceOf(TimeoutError);
    expect(it.clientTransport.happened).toHaveLength(1);
    expect(it.echo.calls).toHaveLength(kind === 'request' ? 0 : 1);
    expect(await it.client.send('echo', 2)).toBe(2);
    await expectRest(it);
  });

  it('is a gap in a stream, which ends it with 502 and stops its source', async () => {
    const it = await world({ client: once({ fault: 'lose', at: 'receive', kinds: ['reply'], skip: 3 }) });
    const { values, error } = await collectUntilError(it.client.stream('count', 100));
    expect(values).toEqual([0, 1, 2]);
    expect(error).toMatchObject({ code: 502 });
    await until(() => it.ended.count === 1, 'the source was left');
    await expectRest(it);
  });

  it('of a stream’s end is noticed by the silence that follows', async () => {
    const it = await world({ client: once({ fault: 'lose', at: 'receive', kinds: ['complete'] }), leaseInterval: 100 });
    const { values, error } = await collectUntilError(it.client.stream('count', 3));
    expect(values).toEqual([0, 1, 2]);
    expect(error).toMatchObject({ code: 502 });
    await expectRest(it);
  });

  it('of credit is made good by the lease', async () => {
    const it = await world({ client: { rules: [{ fault: 'lose', at: 'send', kinds: ['credit'], times: 3 }] } });
    const { values, error } = await collectUntilError(it.client.stream('count', 50, { buffer: 4 }));
    expect(error).toBeUndefined();
    expect(values).toHaveLength(50);
    expect(it.clientTransport.happened).toHaveLength(3);
    await expectRest(it);
  });

  it('that was the cancel of a call leaves the handler to its deadline', async () => {
    const it = await world({ client: once({ fault: 'lose', at: 'send', kinds: ['cancel'] }) });
    const controller = new AbortController();
    const call = it.client.send('slow', 1, { signal: controller.signal, timeout: ample });
    await until(() => it.handling() === 1, 'the handler ran');
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 499 });
    await until(() => it.ended.count === 1, 'the handler was aborted');
    await expectRest(it);
  });

  it('that was the cancel of a stream leaves its source to the lease', async () => {
    const it = await world({ client: once({ fault: 'lose', at: 'send', kinds: ['cancel'] }), leaseInterval: 100 });
    for await (const _ of it.client.stream('count', 1e9, { buffer: 4 })) break;
    await until(() => it.ended.count === 1, 'the source was left');
    await expectRest(it);
  });

  it('that was the first sign of a stream does no harm', async () => {
    const it = await world({ client: once({ fault: 'lose', at: 'receive', kinds: ['defer'] }) });
    const { values, error } = await collectUntilError(it.client.stream('count', 20, { buffer: 4 }));
    expect({ error, count: values.length }).toEqual({ error: undefined, count: 20 });
    await expectRest(it);
  });
});

describe('a doubled envelope', () => {
  it('is handled once when it is a request that still runs', async () => {
    const it = await world({ client: once({ fault: 'double', at: 'send', kinds: ['request'] }) });
    const call = it.client.send('slow', 1);
    await until(() => it.handling() > 0, 'the handler ran');
    it.goOn.open();
    expect(await call).toBe(1);
    await expectRest(it);
  });

  it('is taken once when it is a reply', async () => {
    const it = await world({ client: { rules: [{ fault: 'double', at: 'receive' }] } });
    expect(await Promise.all([1, 2, 3].map((data) => it.client.send('echo', data)))).toEqual([1, 2, 3]);
    const { values, error } = await collectUntilError(it.client.stream('count', 200, { buffer: 8 }));
    expect(error).toBeUndefined();
    expect(values).toEqual(Array.from({ length: 200 }, (_, index) => index));
    await expectRest(it);
  });

  it('changes nothing when it is credit or a cancel', async () => {
    const it = await world({ client: { rules: [{ fault: 'double', at: 'send', kinds: ['credit', 'cancel'] }] } });
    let read = 0;
    for await (const _ of it.client.stream('count', 1e9, { buffer: 8 })) {
      read += 1;
      if (read === 100) break;
    }
    await until(() => it.ended.count === 1, 'the source was left');
    await expectRest(it);
  });
});

describe('a reordered envelope', () => {
  it('is a gap when it is a reply of a stream', async () => {
    const it = await world({
      client: once({ fault: 'reorder', at: 'receive', kinds: ['reply'], skip: 2, milliseconds: 60_000 }),
    });
    const { values, error } = await collectUntilError(it.client.stream('count', 100));
    expect(values).toEqual([0, 1]);
    expect(error).toMatchObject({ code: 502 });
    await expectRest(it);
  });

  it('is remembered when it is a cancel that comes before its request', async () => {
    const it = await world({
      client: once({ fault: 'reorder', at: 'send', kinds: ['request'], milliseconds: 60_000 }),
    });
    const controller = new AbortController();
    const call = it.client.send('echo', 'never', { signal: controller.signal });
    await until(() => it.clientTransport.happened.length === 1, 'the request was held back');
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 499 });
    expect(await it.client.send('echo', 'after')).toBe('after');
    expect(it.echo.calls.map(({ data }) => data)).toEqual(['after']);
    await expectRest(it);
  });

  it('does no harm when it is one of many calls', async () => {
    const plan = { rules: [{ fault: 'reorder', at: 'receive', chance: 0.3 }] } as const;
    const it = await world({ client: plan, server: plan });
    const calls = Array.from({ length: 200 }, (_, data) => it.client.send('echo', data));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, data) => data));
    await expectRest(it);
  });
});

describe('a delayed envelope', () => {
  it('comes too late for its call, and is dropped', async () => {
    const it = await world({ client: once({ fault: 'delay', at: 'receive', kinds: ['reply'], milliseconds: 60 }) });
    await expect(it.client.send('echo', 1, { timeout: 30 })).rejects.toBeInstanceOf(TimeoutError);
    const others = Array.from({ length: 50 }, (_, data) => it.client.send('echo', data));
    await Promise.all(others);
    await until(() => it.clientTransport.happened.length === 1, 'it was delayed');
    await expectRest(it);
  });
});

describe('a cut link', () => {
  it('ends what is under way with 502, and takes calls again when it is mended', async () => {
    const it = await world({
      client: { rules: [{ fault: 'cut', at: 'receive', skip: 5, times: 1, milliseconds: 30 }] },
    });
    const outcomes = Array.from({ length: 20 }, (_, data) =>
      it.client.send('echo', data).catch((thrown: unknown) => (thrown as RpcException).code),
    );
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === 502)).toHaveLength(15);
    await until(() => it.client.status.state === 'ready', 'the link was mended');
    expect(await it.client.send('echo', 'again')).toBe('again');
    await expectRest(it);
  });

  it('of the server loses answers, which ends calls in time', async () => {
    const it = await world({ server: { rules: [{ fault: 'cut', at: 'send', times: 1, milliseconds: 20 }] } });
    await expect(it.client.send('echo', 1, { timeout: ample })).rejects.toBeInstanceOf(TimeoutError);
    expect(await it.client.send('echo', 2)).toBe(2);
    await expectRest(it);
  });
});

describe('whatever goes wrong', () => {
  const faults: readonly Fault[] = ['lose', 'double', 'reorder', 'delay', 'cut'];
  const rule = fc.record({
    fault: fc.constantFrom(...faults),
    at: fc.constantFrom('send' as const, 'receive' as const),
    chance: fc.double({ min: 0, max: 0.3, noNaN: true }),
    milliseconds: fc.integer({ min: 1, max: 30 }),
  });
  const plan = fc.record({ rules: fc.array(rule, { maxLength: 4 }), seed: fc.nat() });

  it('every call settles, with its own answer or an RpcException, and nothing is left', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(plan, plan, async (client, server) => {
        const it = await world({ client, server, leaseInterval: 20 });
        const settle = (call: Promise<unknown>) => call.catch((thrown: unknown) => thrown);
        const calls = Array.from({ length: 30 }, (_, data) => settle(it.client.send('echo', data, { timeout: 60 })));
        const streams = Array.from({ length: 3 }, () =>
          collectUntilError(it.client.stream('count', 40, { buffer: 4, timeout: 60 })),
        );
        for (const [data, outcome] of (await Promise.all(calls)).entries()) {
          if (!(outcome instanceof RpcException)) expect(outcome).toBe(data);
        }
        for (const { values, error } of await Promise.all(streams)) {
          expect(values).toEqual(Array.from({ length: values.length }, (_, index) => index));
          if (error === undefined) expect(values).toHaveLength(40);
          else expect(error).toBeInstanceOf(RpcException);
        }
        await expectRest(it);
        for (const close of closers.splice(0).reverse()) await close();
      }),
      // Some of them only run out of time.
      { numRuns: 150, interruptAfterTimeLimit: 60_000 },
    );
  });
});

describe('a plan', () => {
  it('does the same with the same seed', async () => {
    const run = async (seed: number) => {
      const it = await world({
        client: { seed, rules: [{ fault: 'lose', at: 'send', kinds: ['request'], chance: 0.5 }] },
      });
      const { happened } = it.clientTransport;
      const controller = new AbortController();
      const { signal } = controller;
      const calls = Array.from({ length: 20 }, (_, data) => it.client.send('echo', data, { signal }));
      const settled = Promise.allSettled(calls);
      await until(() => happened.length + it.echo.calls.length === calls.length, 'all were sent');
      controller.abort();
      await settled;
      return happened.map(({ envelope }) => ('body' in envelope ? envelope.body : undefined));
    };
    const [first, second, other] = [await run(7), await run(7), await run(8)];
    expect(first.length).toBeGreaterThan(0);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('strikes after `skip`, at most `times`, where it `matches`', async () => {
    const rules: FaultRule[] = [
      {
        fault: 'lose',
        at: 'send',
        skip: 1,
        times: 2,
        matches: (envelope) => envelope.kind === 'request' && envelope.body !== '"spared"',
      },
    ];
    const it = await world({ client: { rules } });
    const arrives = async (data: unknown) =>
      (await it.client.send('echo', data, { timeout: ample }).catch(() => 'lost')) !== 'lost';
    expect([await arrives(1), await arrives('spared'), await arrives(2), await arrives(3), await arrives(4)]).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  it('leaves the transport what it is', async () => {
    const broker = new MemoryBroker();
    const transport = faulty(memory({ broker, timeout: 123 }), { rules: [] });
    expect(transport).toMatchObject({ transport: 'memory', endpoint: { timeout: 123 } });
    expect(transport.createClient().unwrap(MemoryBroker)).toBe(broker);
    expect(transport.createTransporter().unwrap(MemoryBroker)).toBe(broker);
    const it = await world({});
    await it.client.send('echo', 1);
    await waitForCall(it.echo, 1);
  });
});
