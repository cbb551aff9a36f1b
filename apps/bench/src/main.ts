import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { alone } from './alone/index.ts';
import { startBroker } from './brokers.ts';
import { cases } from './cases/index.ts';
import { type Contest, contest } from './contest.ts';
import { contestants } from './contestants/index.ts';
import { type BenchOptions, help, readOptions } from './options.ts';
import { contestText, summaries } from './report/print.ts';

const options = read();
if (options !== undefined) await run(options);

function read(): BenchOptions | undefined {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read === undefined) console.log(help);
    return read;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return undefined;
  }
}

async function run(options: BenchOptions): Promise<void> {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memory: totalmem(), node: process.version };
  console.log(
    `Node ${machine.node}, ${machine.cpus} × ${machine.model}; medians of ${options.rounds} rounds of ${options.seconds} s\n`,
  );
  const contests: Contest[] = [];
  for (const transport of options.transports) {
    const chosen = options.cases.filter((name) => cases[name]?.transports?.includes(transport) ?? true);
    if (chosen.length === 0) continue;
    await using broker = await startBroker(transport);
    if (transport === 'kafka' && options.brokerWarmup > 0) {
      const warmUp = { ...options, makers: ['floor'], rounds: 0, warmup: options.brokerWarmup };
      await contest('call-64', transport, broker, warmUp);
    }
    for (const name of chosen) {
      const held = await contest(name, transport, broker, options);
      contests.push(held);
      console.log(contestText(held));
    }
  }
  const measured: Record<string, unknown> = {};
  for (const name of options.alone) {
    const result = await alone[name]?.(options.rounds);
    measured[name] = result?.figures;
    console.log(result?.text);
  }
  if (options.json !== undefined) {
    const results = contests.map((held) => ({ ...held, summaries: summaries(held) }));
    writeFileSync(options.json, `${JSON.stringify({ machine, options, contests: results, ...measured }, null, 2)}\n`);
  }
  if (contests.some(hasFailed)) process.exitCode = 1;
}

/** Not those who are known not to be able to. */
function hasFailed({ case: name, results }: Contest): boolean {
  return results.some(({ contestant, failure }) => failure !== contestants[contestant]?.cannot?.[name]);
}
