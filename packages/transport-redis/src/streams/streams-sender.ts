import { type Event, type Request, RpcCode, RpcException, writeHead } from '@parley/core/transport';
import { Backlog } from '../connect/backlog.ts';
import { OneWrite } from '../connect/one-write.ts';
import type { Names } from '../names.ts';
import { isReplyError, refusedError } from '../redis-error.ts';
import { addEntry, type Opening, openingOf } from './add-entry.ts';
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
  readonly #write = new OneWrite();
  readonly #backlog = new Backlog();
  /** Says how old an event may be: the clock of this machine may be wrong by years, and would trim it all. */
  readonly #clock: ServerClock;
  readonly #known = new Set<string>();
  /** By pattern. */
  readonly #openings = { message: new Map<string, Opening>(), event: new Map<string, Opening>() };
  #eventLimit: readonly string[] = [];

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

  /** What was sent is written now, not at the end of the tick. */
  flush(): void {
    this.#write.flush();
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
    const { instance, redis, maxQueued } = this.#setup;
    const { pattern, body } = envelope;
    if (this.#backlog.bytes > maxQueued) {
      const message = `"${pattern}" was not sent: ${maxQueued} bytes wait for Redis already`;
      added(new RpcException(message, { code: RpcCode.Overloaded }));
      return;
    }
    const commands = redis();
    const head = writeHead(envelope, instance);
    const size = head.length + (body?.length ?? 0);
    this.#backlog.add(size);
    const command = addEntry(this.#opening(kind, pattern, limit), head, body, (error) => {
      this.#backlog.remove(size);
      added(error);
    });
    this.#write.send(commands, command);
  }

  #opening(kind: 'message' | 'event', pattern: string, limit: readonly string[]): Opening {
    const openings = this.#openings[kind];
    const known = openings.get(pattern);
    if (known !== undefined && known.limit === limit) return known;
    const made = openingOf(known?.key ?? this.#setup.names.stream(kind, pattern), limit);
    if (openings.size >= maxRemembered) openings.clear();
    openings.set(pattern, made);
    return made;
  }

  /** Before the first event of a name: whoever has a wildcard looks there for names. */
  #announce(pattern: string): void {
    if (this.#known.has(pattern)) return;
    if (this.#known.size >= maxRemembered) this.#known.clear();
    this.#known.add(pattern);
    const { names, redis } = this.#setup;
    redis()
      .sadd(names.eventNames, pattern)
      .catch(() => this.#known.delete(pattern));
  }

  /** The same array as long as it says the same. */
  #retention(): readonly string[] {
    const { age, length } = this.#setup.options.retention;
    const now = this.#clock.now();
    if (length > 0) return this.#limitOf('MAXLEN', length);
    return age === 0 || now === undefined ? none : this.#limitOf('MINID', Math.max(0, Math.floor(now - age)));
  }

  #limitOf(word: 'MAXLEN' | 'MINID', number: number): readonly string[] {
    const text = String(number);
    if (this.#eventLimit[2] !== text) this.#eventLimit = [word, '~', text];
    return this.#eventLimit;
  }
}

const none: readonly string[] = [];

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
