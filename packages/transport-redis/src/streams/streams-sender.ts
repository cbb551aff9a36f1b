import { type Event, type Request, RpcCode, RpcException, writeHead } from '@parley/core/transport';
import type { Names } from '../names.ts';
import { isReplyError, refusedError } from '../redis-error.ts';
import { writeEntry } from './entry.ts';
import { Cork } from './redis/cork.ts';
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
  readonly redis: () => Commands;
}

/** Adds requests and events to their streams. */
export class StreamsSender {
  readonly #setup: StreamsSenderSetup;
  readonly #cork = new Cork();
  /** Says how old an event may be: the clock of this machine may be wrong by years, and would trim it all. */
  readonly #clock: ServerClock;
  readonly #known = new Set<string>();

  constructor(setup: StreamsSenderSetup) {
    this.#setup = setup;
    this.#clock = new ServerClock(setup.redis, setup.names.eventNames);
  }

  /** Once per connect. Rejects as the command does. */
  async prepare(): Promise<void> {
    this.#known.clear();
    this.#clock.forget();
    await this.#clock.sample();
  }

  /** Rejects when it surely was not added; what else becomes of it only an answer can tell. */
  async request(envelope: Request): Promise<void> {
    const { maxRequests } = this.#setup.options;
    try {
      await this.#add('message', envelope, ['MAXLEN', '~', maxRequests]);
    } catch (error) {
      if (this.#surelyNot(error)) throw refusedError(error, `"${envelope.pattern}" was not sent`);
    }
  }

  /** Resolves when Redis has it. */
  async event(envelope: Event): Promise<void> {
    const { pattern } = envelope;
    try {
      this.#announce(pattern);
      await this.#add('event', envelope, this.#retention());
    } catch (error) {
      if (this.#surelyNot(error)) throw refusedError(error, `"${pattern}" was not sent`);
      const message = `"${pattern}" was sent, but Redis was lost before it had confirmed it`;
      throw new RpcException(message, { code: RpcCode.ConnectionLost, cause: error });
    }
  }

  async #add(kind: 'message' | 'event', envelope: Request | Event, limit: readonly (string | number)[]): Promise<void> {
    const { names, instance, redis } = this.#setup;
    const entry = writeEntry(writeHead(envelope, instance), envelope.body);
    const commands = redis();
    this.#cork.put(commands);
    await commands.xadd(names.stream(kind, envelope.pattern), ...limit, '*', ...entry);
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

  #retention(): readonly (string | number)[] {
    const { age, length } = this.#setup.options.retention;
    if (length > 0) return ['MAXLEN', '~', length];
    const now = this.#clock.now();
    return age === 0 || now === undefined ? [] : ['MINID', '~', Math.max(0, Math.floor(now - age))];
  }

  /** Redis has refused it, or it was never written. */
  #surelyNot(error: unknown): boolean {
    return isReplyError(error) || (error instanceof Error && error.message.startsWith("Stream isn't writeable"));
  }
}
