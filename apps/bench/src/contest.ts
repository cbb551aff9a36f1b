import { randomBytes } from 'node:crypto';
import type { BenchCase } from './cases/case.ts';
import { cases } from './cases/index.ts';
import { contestants, makerOf, type TransportName, transportOf } from './contestants/index.ts';
import { isDisturbed } from './measure/machine.ts';
import type { BenchOptions } from './options.ts';
import { type Child, startChild } from './processes/child.ts';
import type { Round } from './processes/measure-round.ts';

/** One case on one transport, with all who took part. */
export interface Contest {
  readonly case: string;
  readonly transport: TransportName;
  readonly results: readonly Result[];
}

export interface Result {
  readonly contestant: string;
  readonly rounds: readonly Round[];
  /** Rounds among them that were disturbed each time they were run. */
  readonly disturbed: number;
  /** Why there is nothing, or no more. */
  readonly failure?: string;
}

export interface BrokerAddress {
  readonly url: string;
  readonly pid?: number | undefined;
}

/** Who takes part in a case. */
export function participants(benchCase: BenchCase, transport: TransportName, makers?: readonly string[]): string[] {
  return Object.keys(contestants).filter((name) => {
    if (transportOf(name) !== transport) return false;
    const maker = makerOf(name);
    if (benchCase.makers !== undefined) return benchCase.makers.includes(maker) && (makers?.includes(maker) ?? true);
    return makers?.includes(maker) ?? contestants[name]?.onlyNamed !== true;
  });
}

/** Every contestant in processes of its own, all started; then round after round, each in turn. */
export async function contest(
  name: string,
  transport: TransportName,
  broker: BrokerAddress,
  options: BenchOptions,
): Promise<Contest> {
  const benchCase = cases[name] as BenchCase;
  const runners = participants(benchCase, transport, options.makers).map(
    (contestant) => new Runner(contestant, name, broker, options),
  );
  try {
    for (const runner of runners) await runner.start();
    for (let round = 0; round < options.rounds; round += 1) for (const runner of runners) await runner.round();
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
  return { case: name, transport, results: runners.map((runner) => runner.result) };
}

/** One contestant in one case. What goes wrong with it is its own result. */
class Runner {
  readonly #contestant: string;
  readonly #options: BenchOptions;
  readonly #child: Child | undefined;
  readonly #rounds: Round[] = [];
  #disturbed = 0;
  #failure: string | undefined;

  constructor(contestant: string, benchCase: string, broker: BrokerAddress, options: BenchOptions) {
    this.#contestant = contestant;
    this.#options = options;
    this.#failure = contestants[contestant]?.cannot?.[benchCase];
    if (this.#failure !== undefined) return;
    this.#child = startChild('client', {
      contestant,
      case: benchCase,
      broker: broker.url,
      brokerPid: broker.pid,
      run: `run${randomBytes(6).toString('hex')}`,
      profile: options.profile,
    });
  }

  get result(): Result {
    const result = { contestant: this.#contestant, rounds: this.#rounds, disturbed: this.#disturbed };
    return this.#failure === undefined ? result : { ...result, failure: this.#failure };
  }

  async start(): Promise<void> {
    await this.#try(async ({ asker }) => {
      await asker.ask('ready');
      await asker.ask('round', this.#options.warmup, patience(this.#options.warmup));
    });
  }

  async round(): Promise<void> {
    await this.#try(async ({ asker }) => {
      const { seconds, repeats } = this.#options;
      let best: Round | undefined;
      for (let tried = 0; tried <= repeats; tried += 1) {
        const round = await asker.ask<Round>('round', seconds, patience(seconds));
        if (best === undefined || weight(round) < weight(best)) best = round;
        if (!isDisturbed(best.disturbance)) break;
      }
      if (best === undefined) return;
      if (isDisturbed(best.disturbance)) this.#disturbed += 1;
      this.#rounds.push(best);
    });
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  async #try(work: (child: Child) => Promise<void>): Promise<void> {
    if (this.#child === undefined || this.#failure !== undefined) return;
    try {
      await work(this.#child);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}

function weight({ disturbance: { stolen, others } }: Round): number {
  return stolen + others;
}

/** Milliseconds after which a round hangs. */
function patience(seconds: number): number {
  return 60_000 + 10_000 * seconds;
}
