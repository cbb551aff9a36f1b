import {
  type DeadLetterFilter,
  type DeadLetterSelection,
  fitsDeadLetterFilter,
  RpcCode,
  RpcException,
  readDeadLetterFilter,
  selectedDeadLetters,
} from '@parley/core/transport';
import { type Connections, createConnections } from '../../connect/connections.ts';
import { isReplyError, lostError, refusedError } from '../../redis-error.ts';
import { type RedisOptions, type ResolvedRedisOptions, resolveRedisOptions } from '../../redis-options.ts';
import type { Commands } from '../redis/script.ts';
import { redriveScript } from '../redis/scripts.ts';
import { deadLettersSet, readDeadLettersKey } from '../stream-keys.ts';
import { deadLetter, type RedisDeadLetter } from './dead-letter.ts';
import { readLetter } from './letter.ts';

/** Letters in one page. */
const page = 100;

/**
 * The dead letters of `mode: 'streams'`, for a tool, an admin page or a test. Connects when it is first used.
 *
 * ```ts
 * await using letters = redisDeadLetters({ url, group: 'orders' });
 * for await (const letter of letters.list()) console.log(letter.pattern, letter.error);
 * await letters.redrive({ pattern: 'order.paid' });
 * ```
 *
 * @param options those of `redis()`: where Redis is, and `prefix`. With `group` only that group's.
 * @throws RpcException 400 naming the option that is wrong.
 */
export function redisDeadLetters(options: RedisOptions = {}): RedisDeadLetters {
  return new RedisDeadLetters(resolveRedisOptions({ ...options, mode: 'streams' }));
}

/**
 * See {@link redisDeadLetters}. All methods reject with an RpcException: 400 for a filter with a name that there is not, 503 when
 * Redis cannot be reached, 502 when it was lost meanwhile, so that it is unknown what was done, and 403 without the rights.
 */
export class RedisDeadLetters implements AsyncDisposable {
  readonly #options: ResolvedRedisOptions;
  readonly #connections: Connections;
  /** Until it is connected, or an attempt has failed. */
  #attempt = attempt();
  #state: 'idle' | 'open' | 'closed' = 'idle';

  constructor(options: ResolvedRedisOptions) {
    this.#options = options;
    this.#connections = createConnections(options, {
      up: () => this.#attempt.resolve(),
      down: () => {
        this.#attempt = attempt();
      },
      failed: (reason) => {
        const failed = this.#attempt;
        this.#attempt = attempt();
        failed.reject(reason);
      },
      receive: () => undefined,
    });
  }

  /** Oldest first, stream by stream; those that are added meanwhile may come, too. */
  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<RedisDeadLetter, void, undefined> {
    const { names, group } = this.#options;
    const wanted = readDeadLetterFilter('redis', filter, group);
    const redis = await this.#redis();
    for (const key of (await this.#asked(redis.smembers(deadLettersSet(names)))).toSorted()) {
      const of = readDeadLettersKey(names, key);
      if (of === undefined || !fitsDeadLetterFilter(of, wanted)) continue;
      let from = '-';
      for (;;) {
        const entries = await this.#asked(redis.xrangeBuffer(key, from, '+', 'COUNT', page));
        for (const [idBytes, fields] of entries) {
          const id = idBytes.toString();
          const letter = readLetter(fields);
          if (letter !== undefined) yield deadLetter(id, key, of, letter);
          from = `(${id}`;
        }
        if (entries.length < page) break;
      }
    }
  }

  /**
   * Puts letters back at the end of their streams, for the group that failed only; each is then no letter any more, both or
   * none. Handlers that had succeeded run again, too.
   *
   * @param which letters from {@link list}, or a filter; all by default.
   * @returns how many: those that somebody else has put back or removed meanwhile do not count.
   */
  redrive(which: DeadLetterSelection<RedisDeadLetter> = {}): Promise<number> {
    return this.#each(which, async (redis, { key, id }) => {
      const of = readDeadLettersKey(this.#options.names, key);
      const [entry] = await redis.xrangeBuffer(key, id, id);
      const letter = entry === undefined ? undefined : readLetter(entry[1]);
      if (of === undefined || letter === undefined) return false;
      const fields = withoutGroup(letter.fields);
      return (await redriveScript.run(redis, [key, of.stream], [id, ...fields, 'g', of.group])) === 1;
    });
  }

  /** Forgets letters. @param which letters from {@link list}, or a filter; `{}` for all. @returns how many. */
  remove(which: DeadLetterSelection<RedisDeadLetter>): Promise<number> {
    return this.#each(which, async (redis, { key, id }) => (await redis.xdel(key, id)) === 1);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#attempt.reject(closed());
    await this.#connections.close(1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #each(
    which: DeadLetterSelection<RedisDeadLetter>,
    act: (redis: Commands, letter: RedisDeadLetter) => Promise<boolean>,
  ): Promise<number> {
    // Complete before the first is put back: one that fails at once would come again and again.
    const letters = await Array.fromAsync(selectedDeadLetters('redis', which, (filter) => this.list(filter)));
    const redis = await this.#redis();
    let count = 0;
    for (const letter of letters) if (await this.#asked(act(redis, letter))) count += 1;
    return count;
  }

  async #asked<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof RpcException) throw error;
      if (isReplyError(error)) throw refusedError(error, 'Redis refuses it');
      throw lostError(error, this.#options.place.label);
    }
  }

  async #redis(): Promise<Commands> {
    if (this.#state === 'closed') throw closed();
    if (this.#state === 'idle') {
      this.#state = 'open';
      this.#connections.open();
    }
    await this.#attempt.promise;
    return this.#connections.commands;
  }
}

/** It may have been put back before. */
function withoutGroup(fields: readonly Buffer[]): Buffer[] {
  return fields.filter((_, index) => fields[index - (index % 2)]?.toString() !== 'g');
}

function closed(): RpcException {
  return new RpcException('The dead letters were closed', { code: RpcCode.Unavailable });
}

function attempt(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  // Perhaps nobody waits for it.
  made.promise.catch(() => undefined);
  return made;
}
