import type { Round } from '../processes/measure-round.ts';

/** The one figure of a case by which contestants are compared. */
export interface Headline {
  readonly name: string;
  readonly of: (round: Round) => number;
  readonly lessIsBetter?: boolean;
}

export const perSecond: Headline = { name: 'per second', of: ({ operations, seconds }) => operations / seconds };

export const p50: Headline = { name: 'p50 µs', of: ({ latency }) => latency?.p50 ?? Number.NaN, lessIsBetter: true };

export const cpu: Headline = {
  name: 'CPU µs',
  of: ({ cpu: { client, server } }) => client + server,
  lessIsBetter: true,
};

/** One that the case itself measures. */
export function figure(name: string, lessIsBetter: boolean): Headline {
  return { name, of: ({ figures }) => figures?.[name] ?? Number.NaN, lessIsBetter };
}
