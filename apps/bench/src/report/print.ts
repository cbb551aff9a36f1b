import type { BenchCase } from '../cases/case.ts';
import { cases } from '../cases/index.ts';
import type { Contest, Result } from '../contest.ts';
import { makerOf } from '../contestants/index.ts';
import { type Summary, summarize } from './summary.ts';
import { rounded, table } from './table.ts';

const mebibyte = 1024 * 1024;

function referenceOf({ results }: Contest, benchCase: BenchCase): Result | undefined {
  return results.find(({ contestant }) => makerOf(contestant) === (benchCase.reference ?? 'floor'));
}

export function summaries(contest: Contest): Summary[] {
  const benchCase = cases[contest.case] as BenchCase;
  const reference = referenceOf(contest, benchCase);
  return contest.results.flatMap((result) => summarize(result, benchCase.headline, reference) ?? []);
}

/** A contest as text: its title, the table, and what there is to say about it. */
export function contestText(contest: Contest): string {
  const benchCase = cases[contest.case] as BenchCase;
  const { headline, title, reference = 'floor' } = benchCase;
  const rows = summaries(contest);
  const hasBroker = contest.transport !== 'tcp';
  const extra = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))].filter(
    (name) => name !== headline.name,
  );
  const head = [
    'contestant',
    headline.name,
    'spread',
    `of ${reference}`,
    ...(headline.name === 'per second' ? [] : ['per second']),
    ...(headline.name === 'p50 µs' ? [] : ['p50 µs']),
    'p99 µs',
    'CPU µs client',
    'server',
    ...(hasBroker ? ['broker'] : []),
    `CPU of ${reference}`,
    'MiB client',
    'server',
    ...extra,
  ];
  const text = table(
    head,
    rows.map((row) => [
      makerOf(row.contestant),
      rounded(row.headline),
      `${(row.spread * 100).toFixed(0)} %`,
      row.ratio === undefined ? '–' : row.ratio.toFixed(2),
      ...(headline.name === 'per second' ? [] : [rounded(row.perSecond)]),
      ...(headline.name === 'p50 µs' ? [] : [rounded(row.p50)]),
      rounded(row.p99),
      rounded(row.clientCpu),
      rounded(row.serverCpu),
      ...(hasBroker ? [rounded(row.brokerCpu)] : []),
      row.cpuRatio === undefined ? '–' : row.cpuRatio.toFixed(2),
      rounded(row.clientRss / mebibyte),
      rounded(row.serverRss / mebibyte),
      ...extra.map((name) => rounded(row.figures[name])),
    ]),
  );
  const notes = contest.results.flatMap(notesOf).map((note) => `- ${note}`);
  return [
    `### ${contest.transport}: ${title} (${contest.case})`,
    '',
    text,
    ...(notes.length > 0 ? ['', ...notes] : []),
    '',
  ].join('\n');
}

function notesOf({ contestant, failure, disturbed, rounds }: Result): string[] {
  const maker = makerOf(contestant);
  const notes: string[] = [];
  const reason = failure?.split('\n')[0];
  if (reason !== undefined && rounds.length === 0) notes.push(`${maker} does not take part: ${reason}`);
  if (reason !== undefined && rounds.length > 0) notes.push(`${maker} ended after ${rounds.length} rounds: ${reason}`);
  if (disturbed > 0)
    notes.push(`${maker}: other work on the machine disturbed ${disturbed} of ${rounds.length} rounds`);
  return notes;
}
