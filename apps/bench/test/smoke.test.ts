import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { burst } from '../src/cases/burst.ts';
import { call } from '../src/cases/call.ts';
import type { BenchCase } from '../src/cases/case.ts';
import { connections } from '../src/cases/connections.ts';
import { events } from '../src/cases/events.ts';
import { features } from '../src/cases/features.ts';
import { handlers } from '../src/cases/handlers.ts';
import { inFlight } from '../src/cases/in-flight.ts';
import { kibibyte, large, small } from '../src/cases/message-source.ts';
import { stream } from '../src/cases/stream.ts';
import type { Caller, Contestant } from '../src/contestants/contestant.ts';
import { contestants, loadContestant, transportOf } from '../src/contestants/index.ts';
import { InProcess } from './in-process.ts';

// Some contestants take seconds to be loaded and to find each other, and a busy machine many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Every case as small as it can be, by the beginning of its name. */
const tiny: Readonly<Record<string, BenchCase>> = {
  'call-1': call({ callers: 1, text: small, size: 'small' }),
  'call-64': call({ callers: 8, text: kibibyte, size: '1 KiB' }),
  'call-64-64k': call({ callers: 4, text: large, size: '64 KiB' }),
  'burst-10': burst(3),
  events: events(),
  stream: stream(300),
  'in-flight': inFlight(50),
  'connections-1000': connections(5),
  'handlers-10': handlers({ registered: 20, called: 5 }),
  features: features(),
};

/** Seconds of a round: at least one call is made in each. */
const shortly = 0.005;

const overTcp = Object.entries(contestants).filter(([name]) => transportOf(name) === 'tcp');

describe.each(overTcp)('%s', (name, { cannot = {} }) => {
  let sides: InProcess;
  beforeAll(async () => {
    sides = await InProcess.start(await loadContestant(name));
  });
  afterAll(() => sides[Symbol.asyncDispose]());

  it.each(Object.keys(tiny).filter((benchCase) => cannot[benchCase] === undefined))('%s', async (benchCase) => {
    const prepared = await sides.prepare(tiny[benchCase] as BenchCase);
    const outcomes = [await prepared.round(shortly), await prepared.round(shortly)];
    await prepared.close();
    for (const { operations, seconds, figures = {} } of outcomes) {
      expect(operations).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
      for (const figure of Object.values(figures)) expect(figure).not.toBeNaN();
    }
  });
});

describe('a case', () => {
  it('finds out that a reply is not right', async () => {
    await using sides = await wrong((client) => ({
      ...client,
      method: (name) => {
        const method = client.method(name);
        return async (message) => ({ ...(await method(message)), n: 7 });
      },
    }));
    const prepared = await sides.prepare(tiny['call-1'] as BenchCase);
    await expect(prepared.round(shortly)).rejects.toThrow(/wrong reply to \d+: \{"n":7,"t":"abc"\}/);
  });

  it('finds out that an event came changed', async () => {
    await using sides = await wrong((client) => ({
      ...client,
      tick: () => (message) => client.tick()({ ...message, n: 1 }),
    }));
    const prepared = await sides.prepare(events());
    await expect(prepared.round(shortly)).rejects.toThrow(/events were emitted, and/);
  });

  it('finds out that a stream is too short', async () => {
    await using sides = await wrong((client) => ({
      ...client,
      numbers: () => async (count, each) => client.numbers?.()(count - 1, each),
    }));
    const prepared = await sides.prepare(stream(10));
    await expect(prepared.round(shortly)).rejects.toThrow('9 replies came of 10');
  });
});

/** The floor with a client that does something wrong. */
async function wrong(change: (client: Caller) => Caller): Promise<InProcess> {
  const floor = await loadContestant('floor/tcp');
  const connect: Contestant['connect'] = async (setup) => change(await floor.connect(setup));
  return InProcess.start({ serve: floor.serve, connect });
}
