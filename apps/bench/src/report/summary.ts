import type { Headline } from '../cases/headline.ts';
import type { Result } from '../contest.ts';
import { median, pairedRatio, spread } from '../measure/statistics.ts';
import type { Round } from '../processes/measure-round.ts';

/** What a table says of one contestant in one case: medians of its rounds. */
export interface Summary {
  readonly contestant: string;
  readonly headline: number;
  /** From the lowest to the highest round, as a share of the median. */
  readonly spread: number;
  /** Of the headline, to the reference; `undefined` without one. */
  readonly ratio: number | undefined;
  readonly perSecond: number;
  /** Microseconds; `undefined` where calls are not timed. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Microseconds for each operation. */
  readonly clientCpu: number;
  readonly serverCpu: number;
  /** 0 without a broker. */
  readonly brokerCpu: number;
  /** Of the CPU of client and server together, to the reference; `undefined` without one. */
  readonly cpuRatio: number | undefined;
  /** Bytes. */
  readonly clientRss: number;
  readonly serverRss: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** `undefined` for one that has no rounds. */
export function summarize(result: Result, headline: Headline, reference: Result | undefined): Summary | undefined {
  const { rounds, contestant } = result;
  if (rounds.length === 0) return undefined;
  const values = rounds.map(headline.of);
  const compared = reference?.rounds.map(headline.of) ?? [];
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure));
  const comparedCpu = reference?.rounds.map(ownCpu) ?? [];
  const timed = rounds.every(({ latency }) => latency !== undefined);
  return {
    contestant,
    headline: median(values),
    spread: spread(values),
    ratio: compared.length === 0 ? undefined : pairedRatio(values, compared),
    perSecond: of(({ operations, seconds }) => operations / seconds),
    p50: timed ? of(({ latency }) => latency?.p50 ?? Number.NaN) : undefined,
    p99: timed ? of(({ latency }) => latency?.p99 ?? Number.NaN) : undefined,
    clientCpu: of(({ cpu }) => cpu.client),
    serverCpu: of(({ cpu }) => cpu.server),
    brokerCpu: of(({ cpu }) => cpu.broker),
    cpuRatio: comparedCpu.length === 0 ? undefined : pairedRatio(rounds.map(ownCpu), comparedCpu),
    clientRss: of(({ rss }) => rss.client),
    serverRss: of(({ rss }) => rss.server),
    figures: figuresOf(rounds),
  };
}

function ownCpu({ cpu }: Round): number {
  return cpu.client + cpu.server;
}

function figuresOf(rounds: readonly Round[]): Record<string, number> {
  const names = Object.keys(rounds[0]?.figures ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map(({ figures }) => figures?.[name] ?? Number.NaN))]),
  );
}
