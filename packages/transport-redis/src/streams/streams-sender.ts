import { type Event, type Request, RpcCode, RpcException, writeHead } from '@parley/core/transport';
import { Backlog } from '../connect/backlog.ts';
import { Cork } from '../connect/cork.ts';
import { LightCommand } from '../connect/light-command.ts';
import type { Names } from '../names.ts';
import { isReplyError, refusedError } from '../redis-error.ts';
import { writeEntry } from './entry.ts';
import type { Commands } from './redis/script.ts';
import { ServerClock } from './redis/server-clock.ts';
import type { ResolvedStreamsOptions } from './streams-options.ts';

/** Names that are remembered to be known: more are said again and again, which does no harm. */
const maxRemembered = 10_000;

export interface StreamsSenderSetup {
  readonly names: Names;
  /** Of this instance's inbox. */
  readonly instance: string;
  readonly options: ResolvedStreamsOptions;
  /** Bytes that may wait for Redis; more is refused with 429. */
  readonly maxQueued: number;
  readonly redis: () => Commands;
}

/** Adds requests and events to their streams. */
export class StreamsSender {
  readonly #setup: StreamsSenderSetup;
  readonly #requestLimit: readonly string[];
  readonly #cork = new Cork();
  readonly #backlog = new Backlog();
  /** Says how old an event may be: the clock of this machine may be wrong by years, and would trim it all. */
  readonly #clock: ServerClock;
  readonly #known = new Set<string>();

  constructor(setup: StreamsSenderSetup) {
    this.#setup = setup;
    this.#requestLimit = ['MAXLEN', '~', String(setup.options.maxRequests)];
    this.#clock = new ServerClock(setup.redis, setup.names.eventNames);
  }

  /** Once per connect. */
  prepare(): void {
    this.#known.clear();
    this.#clock.forget();
    // Nothing waits for it: until it is known nothing is trimmed by age.
    this.#clock.sample().catch(() => undefined);
  }

  /** Rejects when it surely was not added; what else becomes of it only an answer can tell. */
  request(envelope: Request): Promise<void> {
    const { pattern } = envelope;
    return new Promise((resolve, reject) => {
      this.#add('message', envelope, this.#requestLimit, (error) => {
        const refused = refusalOf(error, pattern);
        if (refused === undefined) resolve();
        else reject(refused);
      });
    });
  }

  /** Resolves when Redis has it. */
  event(envelope: Event): Promise<void> {
    const { pattern } = envelope;
    return new Promise((resolve, reject) => {
      this.#announce(pattern);
      this.#add('event', envelope, this.#retention(), (error) => {
        if (error) reject(refusalOf(error, pattern) ?? unknown(pattern, error));
        else resolve();
      });
    });
  }

  #add(
    kind: 'message' | 'event',
    envelope: Request | Event,
    limit: readonly string[],
    added: (error: Error | null | undefined) => void,
  ): void {
    const { names, instance, redis, maxQueued } = this.#setup;
    const { pattern, body } = envelope;
    if (this.#backlog.bytes > maxQueued) {
      const message = `"${pattern}" was not sent: ${maxQueued} bytes wait for Redis already`;
      added(new RpcException(message, { code: RpcCode.Overloaded }));
      return;
    }
    const head = writeHead(envelope, instance);
    const size = head.length + (body?.length ?? 0);
    const commands = redis();
    this.#cork.put(commands);
    this.#backlog.add(size);
    const args = [names.stream(kind, pattern), ...limit, '*', ...writeEntry(head, body)];
    const command = new LightCommand('xadd', args, (error) => {
      this.#backlog.remove(size);
      added(error);
    });
    void commands.sendCommand(command);
  }

  /** Before the first event of a name: whoever has a wildcard looks there for names. */
  #announce(pattern: string): void {
    if (this.#known.has(pattern)) return;
    if (this.#known.size >= maxRemembered) this.#known.clear();
    this.#known.add(pattern);
    const { names, redis } = this.#setup;
    const commands = redis();
    this.#cork.put(commands);
    commands.sadd(names.eventNames, pattern).catch(() => this.#known.delete(pattern));
  }

  #retention(): readonly string[] {
    const { age, length } = this.#setup.options.retention;
    if (length > 0) return ['MAXLEN', '~', String(length)];
    const now = this.#clock.now();
    return age === 0 || now === undefined ? [] : ['MINID', '~', String(Math.max(0, Math.floor(now - age)))];
  }
}

/** Why it surely was not added: Redis has refused it, or it was never written. `undefined` when it was, or may have been. */
function refusalOf(error: Error | null | undefined, pattern: string): RpcException | undefined {
  if (!error || error instanceof RpcException) return error ?? undefined;
  const isUnsent = isReplyError(error) || error.message.startsWith("Stream isn't writeable");
  return isUnsent ? refusedError(error, `"${pattern}" was not sent`) : undefined;
}

function unknown(pattern: string, cause: Error): RpcException {
  const message = `"${pattern}" was sent, but Redis was lost before it had confirmed it`;
  return new RpcException(message, { code: RpcCode.ConnectionLost, cause });
}
