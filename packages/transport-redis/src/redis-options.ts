import {
  type Backoff,
  type BackoffOptions,
  type EndpointOptions,
  endpointOptionNames,
  OptionReader,
} from '@parley/core/transport';
import { type PlaceOptions, placeOptionNames } from './connect/place-options.ts';
import { type Place, readPlace } from './connect/read-place.ts';
import { checkPrefix, Names } from './names.ts';
import {
  type ResolvedStreamsOptions,
  readStreamsOptions,
  type StreamsOptions,
  streamsOptionNames,
} from './streams/streams-options.ts';

/** Options of {@link redis}: where Redis is, how it is used, and what is bounded. Both sides read the same ones. */
export interface RedisOptions extends EndpointOptions, PlaceOptions, StreamsOptions {
  /**
   * `pubsub`: channels; nothing is kept, and every instance gets everything. `streams`: Redis keeps messages and events until
   * one instance of each group has handled them. Both sides must have the same. Default `pubsub`.
   */
  readonly mode?: 'pubsub' | 'streams' | undefined;
  /**
   * Of `mode: 'streams'`, and required there to listen: the service. Each message and each event is handled by one
   * instance of a group.
   */
  readonly group?: string | undefined;
  /**
   * What all names in Redis begin with; who has another one is in another world. One pair of braces in it puts all into
   * one slot of a cluster. Default `parley:`.
   */
  readonly prefix?: string | undefined;
  /** The largest body in bytes, either way (413). Default 16 MiB, at most 256 MiB. */
  readonly maxBody?: number | undefined;
  /**
   * Bytes that may wait for Redis: while more than that is unsent, new requests and events are refused with 429; in an outage
   * as many bytes of answers are kept for its end. At least `maxBody`. Default 64 MiB, or twice `maxBody` if that is more.
   */
  readonly maxQueued?: number | undefined;
  /** Milliseconds of silence after which a connection is taken for dead and made anew; Redis is pinged before. 0: never. Default 5000. */
  readonly heartbeat?: number | undefined;
  /** Milliseconds for an attempt to connect, TLS and log in included. Default 10 000. */
  readonly connectTimeout?: number | undefined;
  /** How long to wait before connecting again, for ever. Default 50 ms to 2 s. */
  readonly reconnect?: BackoffOptions | undefined;
}

/** {@link RedisOptions}, checked and complete. */
export interface ResolvedRedisOptions {
  readonly mode: 'pubsub' | 'streams';
  readonly group: string | undefined;
  readonly names: Names;
  readonly place: Place;
  readonly maxBody: number;
  readonly maxQueued: number;
  readonly heartbeat: number;
  readonly connectTimeout: number;
  readonly reconnect: Backoff;
  readonly streams: ResolvedStreamsOptions;
}

const mebibyte = 1_048_576;

const names = [
  'mode',
  'group',
  'prefix',
  'maxBody',
  'maxQueued',
  'heartbeat',
  'connectTimeout',
  'reconnect',
  ...placeOptionNames,
  ...streamsOptionNames,
  ...endpointOptionNames,
] as const satisfies readonly (keyof RedisOptions)[];

/** @throws RpcException 400 naming the option that is wrong. */
export function resolveRedisOptions(options: RedisOptions = {}): ResolvedRedisOptions {
  const read = new OptionReader<RedisOptions>('redis', options, names);
  const mode = read.oneOf('mode', ['pubsub', 'streams']);
  const maxBody = read.integer('maxBody', { default: 16 * mebibyte, min: 1, max: 256 * mebibyte });
  const defaultQueued = Math.max(64 * mebibyte, 2 * maxBody);
  const backoff = new OptionReader<BackoffOptions>('redis: the option "reconnect"', options.reconnect, [
    'initial',
    'max',
  ]);
  const initial = backoff.milliseconds('initial', { default: 50, min: 1 });
  if (mode === 'pubsub') refuseStreamsOptions(options, read);
  return Object.freeze({
    mode,
    group: readGroup(read),
    names: new Names(checkPrefix(read.string('prefix') ?? 'parley:')),
    place: readPlace(read, options),
    maxBody,
    maxQueued: read.integer('maxQueued', { default: defaultQueued, min: maxBody }),
    heartbeat: read.milliseconds('heartbeat', { default: 5000 }),
    connectTimeout: read.milliseconds('connectTimeout', { default: 10_000, min: 1 }),
    reconnect: {
      initial,
      max: backoff.milliseconds('max', { default: Math.max(2000, initial), min: initial }),
    },
    streams: readStreamsOptions(read, options.retention),
  });
}

/** Without effect they would be a promise that is not kept. */
function refuseStreamsOptions(options: RedisOptions, read: OptionReader<RedisOptions>): void {
  for (const name of ['group', ...streamsOptionNames] as const) {
    if (options[name] !== undefined)
      throw read.error(name, 'is for mode "streams": every instance of pub/sub gets everything');
  }
}

/** It becomes part of an instance's name, which has no slash. */
function readGroup(read: OptionReader<RedisOptions>): string | undefined {
  const group = read.string('group');
  if (group === undefined || (/^[^/]{1,200}$/.test(group) && group.isWellFormed())) return group;
  throw read.error('group', 'may have up to 200 characters, and no "/"');
}
