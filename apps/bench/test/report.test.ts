import { describe, expect, it } from 'vitest';
import type { BenchCase } from '../src/cases/case.ts';
import { cases } from '../src/cases/index.ts';
import { type Contest, participants } from '../src/contest.ts';
import { readOptions } from '../src/options.ts';
import type { Round } from '../src/processes/measure-round.ts';
import { contestText, summaries } from '../src/report/print.ts';
import { rounded, table } from '../src/report/table.ts';

function round(operations: number, server = 2): Round {
  return {
    operations,
    seconds: 2,
    latency: { p50: 10, p99: 100 },
    cpu: { client: 1, server, broker: 0 },
    rss: { client: 2 ** 20, server: 2 ** 21 },
    disturbance: { stolen: 0, others: 0 },
  };
}

const held: Contest = {
  case: 'call-64',
  transport: 'tcp',
  results: [
    { contestant: 'floor/tcp', rounds: [round(1000), round(2000), round(4000)], disturbed: 0 },
    { contestant: 'parley/tcp', rounds: [round(900, 3), round(1800, 5), round(2000, 8)], disturbed: 1 },
    { contestant: 'nest/tcp', rounds: [], disturbed: 0, failure: 'it is away\nat somewhere' },
  ],
};

describe('the report', () => {
  it('has medians, the spread, and the ratio to the floor', () => {
    const [floor, parley, ...others] = summaries(held);
    expect(others).toEqual([]);
    expect(floor).toMatchObject({ headline: 1000, ratio: 1, spread: 1.5, p50: 10, clientRss: 2 ** 20 });
    expect(parley).toMatchObject({ headline: 900, ratio: 0.9, perSecond: 900, serverCpu: 5, cpuRatio: 2 });
  });

  it('is a table with notes', () => {
    const text = contestText(held);
    expect(text).toContain('### tcp: request and reply, 21 B, 64 callers (call-64)');
    expect(text).toMatch(/\| parley +\| +900 \| +61 % \| +0\.90 \|/);
    expect(text).toContain('- nest does not take part: it is away\n');
    expect(text).toContain('- parley: other work on the machine disturbed 1 of 3 rounds');
  });

  it('rounds to what means something', () => {
    expect([123_456, 1234.5, 123.4, 12.34, 1.234, undefined].map(rounded)).toEqual([
      '123,500',
      '1,230',
      '123',
      '12.3',
      '1.23',
      '–',
    ]);
    expect(table(['a', 'b'], [['x', '10']])).toBe('| a |  b |\n|---|---:|\n| x | 10 |');
  });
});

describe('the options', () => {
  it('choose a short form over TCP, or everything', () => {
    const short = readOptions([]);
    expect(short?.transports).toEqual(['tcp']);
    const full = readOptions(['--full']);
    expect(full?.cases).toEqual(Object.keys(cases));
    expect(full?.transports).toContain('kafka');
    expect(full?.rounds).toBeGreaterThanOrEqual(5);
  });

  it('are refused with what there is', () => {
    expect(() => readOptions(['--cases', 'call-7'])).toThrow(/--cases: "call-7" is not one of call-1, /);
    expect(() => readOptions(['--rounds', 'many'])).toThrow(/--rounds many: must be a number/);
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it('name who takes part; some do only where they are named', () => {
    const call = cases['call-1'] as BenchCase;
    expect(participants(call, 'tcp')).toEqual(['floor/tcp', 'parley/tcp', 'nest/tcp', 'moleculer/tcp', 'grpc/tcp']);
    expect(participants(call, 'tcp', ['floor', 'parley-full'])).toEqual(['floor/tcp', 'parley-full/tcp']);
    expect(participants(cases['features'] as BenchCase, 'tcp')).toEqual(['parley/tcp', 'parley-full/tcp']);
  });
});
