import { OptionReader } from '@parley/core/transport';
import type { RedisOptions } from '../redis-options.ts';

/** How long events stay in their streams, handled or not. Trimming asks no group: what a group has not read by then it never gets. */
export interface RetentionOptions {
  /** Milliseconds. Default 604 800 000: 7 days. 0: no limit. */
  readonly age?: number | undefined;
  /** Events of one name, about. Default: no limit. */
  readonly length?: number | undefined;
}

/** Options that only `mode: 'streams'` has. */
export interface StreamsOptions {
  /**
   * Milliseconds after which what an instance had is taken over by another one, if nothing was heard of it. While it lives it
   * renews its lease, however long a handler takes. Default 6000, at least 100.
   */
  readonly lease?: number | undefined;
  /** Milliseconds between two looks for new events that a wildcard matches. Default 5000, at least 10. */
  readonly discoverInterval?: number | undefined;
  /** How long events are kept. The side that emits trims; servers trim by age, too. */
  readonly retention?: RetentionOptions | undefined;
  /**
   * Requests of one pattern that are kept at most, about, when nobody serves them; the oldest go first, and their callers
   * get 408. What every group has handled is trimmed in any case. Default 100 000.
   */
  readonly maxRequests?: number | undefined;
  /** Dead letters of one pattern and group that are kept at most, about; the oldest go first. Default 10 000. */
  readonly maxDeadLetters?: number | undefined;
}

/** {@link StreamsOptions}, checked and complete. */
export interface ResolvedStreamsOptions {
  readonly lease: number;
  readonly discoverInterval: number;
  /** 0: no limit. */
  readonly retention: { readonly age: number; readonly length: number };
  readonly maxRequests: number;
  readonly maxDeadLetters: number;
}

export const streamsOptionNames = [
  'lease',
  'discoverInterval',
  'retention',
  'maxRequests',
  'maxDeadLetters',
] as const satisfies readonly (keyof StreamsOptions)[];

const sevenDays = 7 * 24 * 3600 * 1000;

/** @throws RpcException 400 naming the option that is wrong. */
export function readStreamsOptions(
  read: OptionReader<RedisOptions>,
  retention: RetentionOptions | undefined,
): ResolvedStreamsOptions {
  const readRetention = new OptionReader<RetentionOptions>('redis: the option "retention"', retention, [
    'age',
    'length',
  ]);
  return {
    lease: read.milliseconds('lease', { default: 6000, min: 100 }),
    discoverInterval: read.milliseconds('discoverInterval', { default: 5000, min: 10 }),
    retention: {
      age: readRetention.integer('age', { default: sevenDays }),
      length: readRetention.integer('length', { default: 0 }),
    },
    maxRequests: read.integer('maxRequests', { default: 100_000, min: 1 }),
    maxDeadLetters: read.integer('maxDeadLetters', { default: 10_000, min: 1 }),
  };
}
