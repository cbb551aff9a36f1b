// The demo: `npm run demo` on a fresh clone, `node dist/main.js` here. See options.ts for what it takes.
import { AssertionError } from 'node:assert/strict';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { RpcException } from '@parley/core';
import { openMedium } from './broker.ts';
import { type Options, readOptions, UsageError, usage } from './options.ts';
import { run } from './run.ts';
import { serve } from './serve.ts';
import { show } from './steps/expect.ts';
import { SeparateProcesses } from './supervision/separate-processes.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import { ThisProcess } from './supervision/this-process.ts';
import { Transcript } from './transcript.ts';

/**
 * Milliseconds that the demo may take; with `--serve` its start, and its end. It needs five to fifteen seconds, and many
 * times that on a machine that is busy with something else.
 */
const timeLimit = 120_000;

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

/** Leaves the process to end by itself when all is well: if it does not, something was left open. */
async function main(options: Options): Promise<void> {
  const { transport } = options;
  const transcript = new Transcript();
  const where = transport === 'memory' ? 'in one process' : 'in processes of their own';
  transcript.write(`Parley demo: a users service, a notifications service and a gateway, ${where}, over ${transport}`);
  try {
    if (transport === 'memory') {
      await play(new ThisProcess(options.port), options, transcript);
    } else {
      await using medium = await openMedium(transport, options);
      if (medium.place !== undefined) transcript.write(`The broker: ${medium.place}`);
      await play(new SeparateProcesses(medium.wire, options.port), options, transcript);
    }
  } catch (error) {
    transcript.fail(reasonOf(error));
    process.exit(1);
  }
}

/** @throws when something does not behave; nothing that the supervisor has started is left then. */
async function play(supervisor: Supervisor, { serve: stays }: Options, transcript: Transcript): Promise<void> {
  const exit = (code: number, text: string): never => {
    supervisor.killAll();
    transcript.fail(text);
    process.exit(code);
  };
  const watch = () => setTimeout(() => exit(1, `not done within ${timeLimit / 1000} s`), timeLimit).unref();
  const watchdog = watch();
  const interrupted = untilInterrupted();
  try {
    if (stays) {
      void interrupted.then(watch);
      await Promise.race([serve(supervisor, transcript, interrupted, () => clearTimeout(watchdog)), supervisor.lost]);
    } else {
      const stopped = interrupted.then((signal) => exit(128 + constants.signals[signal], `interrupted by ${signal}`));
      await Promise.race([run(supervisor, transcript), supervisor.lost, stopped]);
    }
  } catch (error) {
    supervisor.killAll();
    throw error;
  }
}

/** Also keeps Ctrl-C from ending the process; npm sends it on, so it may come more than once. */
function untilInterrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof AssertionError && error.generatedMessage) {
    return `expected ${inspect(error.expected)}, got ${inspect(error.actual)}`;
  }
  if (error instanceof RpcException) return show(error);
  return error instanceof Error ? error.message : inspect(error);
}
