import { parseArgs } from 'node:util';
import { type RedisMode, redisModes, transports, type Wire } from './transports.ts';

export interface Options {
  readonly transport: Wire['transport'];
  /** With Redis only. */
  readonly mode: RedisMode;
  readonly serve: boolean;
  readonly port: number;
  readonly help: boolean;
}

export const usage = `Usage: npm run demo -- [options]

  --transport ${transports.join('|')}   what the services talk over (default tcp; with memory, all in one process)
  --mode ${redisModes.join('|')}              with redis: nothing is kept (the default), or what is sent waits for its service
  --serve                            start the services and stay, to be tried with curl
  --port <port>                      where the gateway serves HTTP (default: any free port)
  --help                             this text`;

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** @throws UsageError saying what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { transport, mode, serve, port, help } = parse(args);
  const known = transports.find((name) => name === transport);
  if (known === undefined)
    throw new UsageError(`--transport must be one of ${transports.join(', ')}: not ${transport}`);
  const knownMode = redisModes.find((name) => name === (mode ?? 'pubsub'));
  if (knownMode === undefined) throw new UsageError(`--mode must be one of ${redisModes.join(', ')}: not ${mode}`);
  if (mode !== undefined && known !== 'redis') throw new UsageError('--mode is for --transport redis');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535: not ${port}`);
  }
  return { transport: known, mode: knownMode, serve, port: Number(port), help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        transport: { type: 'string', default: 'tcp' },
        mode: { type: 'string' },
        serve: { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
