import { parseArgs } from 'node:util';
import { alone } from './alone/index.ts';
import { cases } from './cases/index.ts';
import { contestants, makerOf, type TransportName, transportOf } from './contestants/index.ts';

export const help = `Measures Parley side by side with a hand-written floor and with its peers.

  --full                  every case on every transport, 5 rounds of 2 s (default: a short form over TCP)
  --transports tcp,redis  ${names(Object.keys(contestants).map(transportOf))}
  --contestants floor,…   ${names(Object.keys(contestants).map(makerOf))}
  --cases call-1,…        ${Object.keys(cases).join(', ')},
                          ${Object.keys(alone).join(', ')}
  --rounds 5              of each contestant, in turn
  --seconds 2             for each round
  --warmup 1              seconds before the first round
  --repeats 2             times that a disturbed round is run again at most
  --json results.json     writes everything that was measured
  --profile folder        writes CPU profiles of both processes of each contestant
`;

export interface BenchOptions {
  readonly transports: readonly TransportName[];
  /** Those named, or `undefined` for those that a case takes by itself. */
  readonly makers: readonly string[] | undefined;
  readonly cases: readonly string[];
  readonly alone: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  /** Seconds for which a broker works before the first case: one that runs on Java is slow at first. */
  readonly brokerWarmup: number;
  readonly repeats: number;
  readonly json: string | undefined;
  readonly profile: string | undefined;
}

const shortCases = ['call-1', 'call-64', 'call-256', 'burst-10', 'events', 'bundle', 'import'];

/** @throws Error naming the option that is wrong; `undefined` when help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      full: { type: 'boolean', default: false },
      transports: { type: 'string' },
      contestants: { type: 'string' },
      cases: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      repeats: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  if (values.help === true) return undefined;
  const { full } = values;
  const allCases = [...Object.keys(cases), ...Object.keys(alone)];
  const allTransports = Object.keys(contestants).map(transportOf);
  const chosen = list('cases', values.cases, allCases) ?? (full ? allCases : shortCases);
  const seconds = number('seconds', values.seconds, full ? 2 : 0.4);
  return {
    transports: list('transports', values.transports, allTransports) ?? (full ? [...new Set(allTransports)] : ['tcp']),
    makers: list('contestants', values.contestants, Object.keys(contestants).map(makerOf)),
    cases: chosen.filter((name) => name in cases),
    alone: chosen.filter((name) => name in alone),
    rounds: number('rounds', values.rounds, full ? 5 : 3),
    seconds,
    warmup: number('warmup', values.warmup, full ? 2 : 0.6),
    brokerWarmup: full ? 20 : 0,
    repeats: number('repeats', values.repeats, full ? 2 : 0),
    json: values.json,
    profile: values.profile,
  };
}

function names(of: readonly string[]): string {
  return [...new Set(of)].join(', ');
}

function list<Name extends string>(
  option: string,
  value: string | undefined,
  known: readonly Name[],
): Name[] | undefined {
  return value?.split(',').map((name) => {
    const found = known.find((other) => other === name);
    if (found === undefined) throw new Error(`--${option}: "${name}" is not one of ${names(known)}`);
    return found;
  });
}

function number(option: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed < 0)
    throw new Error(`--${option} ${value}: must be a number`);
  return parsed;
}
