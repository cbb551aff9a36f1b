import { binaryContentType, type Codec, jsonCodec } from '../envelope/index.ts';
import { checkIsObject, maxTimerDelay, OptionReader } from './options.ts';

/** How long to wait between tries: `initial`, then twice as long each time up to `max`, each shortened by up to half at random. */
export interface Backoff {
  /** Milliseconds before the second try. */
  readonly initial: number;
  /** Milliseconds, at most. */
  readonly max: number;
}

/** How a failed durable event is tried again in process. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** {@link Backoff} as an option: what is left out has its default. */
export interface BackoffOptions {
  readonly initial?: number | undefined;
  readonly max?: number | undefined;
}

/** {@link RetryPolicy} as an option: what is left out has its default. */
export interface RetryOptions {
  readonly attempts?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

/** The options that every transport takes besides its own; core acts on them. */
export interface EndpointOptions {
  /** Default timeout of a call, in milliseconds. Default 20 000 (as in Ascender); 0: none. */
  readonly timeout?: number | undefined;
  /** What payloads are encoded with; give both sides the same. Default: JSON. */
  readonly codec?: Codec | undefined;
  /** A client only: whether the other side may call this application's handlers over the client's link. Default false. */
  readonly serve?: boolean | undefined;
  /** What a call does when no link is up: `fail` with 503 at once, or `wait` within its timeout. Default `fail`. */
  readonly outage?: 'fail' | 'wait' | undefined;
  /** Calls that wait for a link at once; more are refused with 429. Default 10 000. */
  readonly maxWaiting?: number | undefined;
  /** Replies of a stream that may be under way and unread at once. Default 128. */
  readonly buffer?: number | undefined;
  /** Values that a handler's Observable, which cannot wait, may be ahead of its reader; more end it with 429. Default 10 000. */
  readonly maxBacklog?: number | undefined;
  /** Handlers that run at once, over all links of the endpoint; more messages are refused with 429. Default 65 536. */
  readonly concurrency?: number | undefined;
  /** Requests that one link may have running at once, so that no peer takes it all; more are refused with 429. Default 16 384. */
  readonly maxInFlight?: number | undefined;
  /** Tries of a durable event whose handler failed, before the dead letter. Default: 5, backoff 200 ms to 30 s. */
  readonly retry?: RetryOptions | undefined;
  /** Where the broker counts: how often a message may take its instance down before it goes to the dead letter unhandled. Default 5. */
  readonly maxDeliveries?: number | undefined;
  /** On a broker: milliseconds between the signs of life of a stream's two sides; three missed end it. Default 10 000. */
  readonly leaseInterval?: number | undefined;
}

/** Signs of life that a side of a stream may miss before the other gives it up. */
export const missedLeases = 3;

/** {@link EndpointOptions}, checked and complete. */
export type ResolvedEndpointOptions = {
  readonly [Name in Exclude<keyof EndpointOptions, 'retry'>]-?: NonNullable<EndpointOptions[Name]>;
} & { readonly retry: RetryPolicy };

/** The names of {@link EndpointOptions}, for a transport's `OptionReader`. */
export const endpointOptionNames = [
  'timeout',
  'codec',
  'serve',
  'outage',
  'maxWaiting',
  'buffer',
  'maxBacklog',
  'concurrency',
  'maxInFlight',
  'retry',
  'maxDeliveries',
  'leaseInterval',
] as const satisfies readonly (keyof EndpointOptions)[];

/**
 * Reads core's part of a transport's options; names that are not core's are left to the transport.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export function resolveEndpointOptions(what: string, options: EndpointOptions = {}): ResolvedEndpointOptions {
  checkIsObject(what, options);
  const own = Object.fromEntries(endpointOptionNames.map((name) => [name, options[name]])) as EndpointOptions;
  const read = new OptionReader(what, own, endpointOptionNames);
  return Object.freeze({
    timeout: read.milliseconds('timeout', { default: 20_000 }),
    codec: checkCodec(own.codec ?? jsonCodec, read),
    serve: read.boolean('serve', { default: false }),
    outage: read.oneOf('outage', ['fail', 'wait']),
    maxWaiting: read.integer('maxWaiting', { default: 10_000 }),
    buffer: read.integer('buffer', { default: 128, min: 1 }),
    maxBacklog: read.integer('maxBacklog', { default: 10_000, min: 1 }),
    concurrency: read.integer('concurrency', { default: 65_536, min: 1 }),
    maxInFlight: read.integer('maxInFlight', { default: 16_384, min: 1 }),
    retry: resolveRetry(`${what}: the option "retry"`, own.retry),
    maxDeliveries: read.integer('maxDeliveries', { default: 5, min: 1 }),
    leaseInterval: read.milliseconds('leaseInterval', { default: 10_000, min: 10 }),
  });
}

/** @throws RpcException 400 */
export function resolveRetry(
  what: string,
  retry: RetryOptions = {},
  defaults: RetryPolicy = { attempts: 5, backoff: { initial: 200, max: 30_000 } },
): RetryPolicy {
  const read = new OptionReader(what, retry, ['attempts', 'backoff']);
  const readBackoff = new OptionReader(`${what}.backoff`, retry.backoff, ['initial', 'max']);
  return {
    attempts: read.integer('attempts', { default: defaults.attempts, min: 1 }),
    backoff: {
      initial: readBackoff.milliseconds('initial', { default: defaults.backoff.initial }),
      max: readBackoff.milliseconds('max', { default: defaults.backoff.max }),
    },
  };
}

/** Milliseconds to wait after try number `attempt` (1 is the first). `random` is in [0, 1). */
export function backoffDelay({ initial, max }: Backoff, attempt: number, random: number = Math.random()): number {
  const full = Math.min(max, initial * 2 ** Math.min(attempt - 1, 40), maxTimerDelay);
  return full * (1 - random / 2);
}

function checkCodec(codec: Codec, read: OptionReader<EndpointOptions>): Codec {
  const { contentType, encode, decode } = (codec ?? {}) as Partial<Record<keyof Codec, unknown>>;
  if (contentType === binaryContentType) {
    throw read.error('codec', `must not take over ${binaryContentType}, which bytes travel as`);
  }
  if (
    typeof contentType === 'string' &&
    contentType !== '' &&
    typeof encode === 'function' &&
    typeof decode === 'function'
  )
    return codec;
  throw read.error('codec', 'must be { contentType, encode, decode }');
}
