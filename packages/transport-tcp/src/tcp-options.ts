import { hostname } from 'node:os';
import {
  type Backoff,
  type BackoffOptions,
  type EndpointOptions,
  endpointOptionNames,
  OptionReader,
} from '@parley/core/transport';
import { type Target, targetOf } from './connection/target.ts';
import { maxHeadBytes } from './frame/frame.ts';
import { checkTls, type TcpTlsOptions } from './tls-options.ts';

/** Options of {@link tcp}: where to listen and connect, and what is bounded. Both sides read the same ones. */
export interface TcpOptions extends EndpointOptions {
  /** Address to listen on, or to connect to. Default `127.0.0.1`; `0.0.0.0` or `::` listens on all. */
  readonly host?: string | undefined;
  /** Default 8888 (as in Ascender). 0 listens on any free port; see `unwrap(net.Server).address()`. */
  readonly port?: number | undefined;
  /**
   * A Unix socket instead of host and port. A file that nobody listens on any more is replaced; one that is in use
   * is not.
   */
  readonly path?: string | undefined;
  /** A client only, instead of host and port: `host:port` each, IPv6 as `[::1]:8888`. It keeps a connection to each. */
  readonly targets?: readonly string[] | undefined;
  /**
   * TLS instead of plain TCP. To listen it needs `key` and `cert`; `requestCert` asks clients for theirs. A client
   * trusts the system's authorities or those in `ca`; `true` is enough for it. Default: plain.
   */
  readonly tls?: TcpTlsOptions | boolean | undefined;
  /** The largest body in bytes, either way; the smaller one of both sides counts (413). Default 16 MiB, at most 256 MiB. */
  readonly maxBody?: number | undefined;
  /** Milliseconds that a frame may take from its first byte to its last, or the connection is closed. Default 30 000. */
  readonly frameTimeout?: number | undefined;
  /**
   * Bytes that may wait for a peer that reads slowly. As long as more than that is left of earlier ticks of the event loop,
   * new requests and events are refused with 429; answers get as much room again, and when that does not do, the
   * connection is closed with a warning. At least `maxBody`. Default 64 MiB, or twice `maxBody` if that is more.
   */
  readonly maxQueued?: number | undefined;
  /**
   * Milliseconds without anything from the other side after which it is pinged; after twice that the connection is
   * closed. 0: never. Default 15 000.
   */
  readonly heartbeat?: number | undefined;
  /** A server only: connections at once; further ones are turned away with 429. Default 10 000. */
  readonly maxConnections?: number | undefined;
  /**
   * Milliseconds for an attempt to connect, TLS and hello included; a server gives a new connection as long for its
   * TLS and its hello. Default 10 000.
   */
  readonly connectTimeout?: number | undefined;
  /** How long a client waits before it connects again, for ever. Default 100 ms to 2 s. */
  readonly reconnect?: BackoffOptions | undefined;
  /** What this side calls itself in the logs of the other, up to 255 characters. Default: host name and process id. */
  readonly name?: string | undefined;
}

/** {@link TcpOptions}, checked and complete. */
export interface ResolvedTcpOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly targets: readonly Target[];
  readonly tls: TcpTlsOptions | undefined;
  readonly maxBody: number;
  readonly frameTimeout: number;
  readonly maxQueued: number;
  readonly heartbeat: number;
  readonly maxConnections: number;
  readonly connectTimeout: number;
  readonly reconnect: Backoff;
  readonly name: string;
}

const mebibyte = 1_048_576;

const names = [
  'host',
  'port',
  'path',
  'targets',
  'tls',
  'maxBody',
  'frameTimeout',
  'maxQueued',
  'heartbeat',
  'maxConnections',
  'connectTimeout',
  'reconnect',
  'name',
  ...endpointOptionNames,
] as const satisfies readonly (keyof TcpOptions)[];

/** @throws RpcException 400 naming the option that is wrong. */
export function resolveTcpOptions(options: TcpOptions = {}): ResolvedTcpOptions {
  const read = new OptionReader<TcpOptions>('tcp', options, names);
  const host = read.string('host') ?? '127.0.0.1';
  const port = read.integer('port', { default: 8888, max: 65_535 });
  const path = read.string('path');
  if (path !== undefined && (options.host !== undefined || options.port !== undefined)) {
    throw read.error('path', 'stands instead of "host" and "port"');
  }
  const maxBody = read.integer('maxBody', { default: 16 * mebibyte, min: 1, max: 256 * mebibyte });
  const defaultQueued = Math.max(64 * mebibyte, 2 * maxBody);
  const backoff = new OptionReader<BackoffOptions>('tcp: the option "reconnect"', options.reconnect, [
    'initial',
    'max',
  ]);
  return Object.freeze({
    host,
    port,
    path,
    targets: readTargets(read, options.targets) ?? [targetOf(host, port, path)],
    tls: readTls(read, options.tls),
    maxBody,
    frameTimeout: read.milliseconds('frameTimeout', { default: 30_000, min: 1 }),
    maxQueued: read.integer('maxQueued', { default: defaultQueued, min: Math.max(maxBody, maxHeadBytes) }),
    heartbeat: read.milliseconds('heartbeat', { default: 15_000 }),
    maxConnections: read.integer('maxConnections', { default: 10_000, min: 1 }),
    connectTimeout: read.milliseconds('connectTimeout', { default: 10_000, min: 1 }),
    reconnect: {
      initial: backoff.milliseconds('initial', { default: 100, min: 1 }),
      max: backoff.milliseconds('max', { default: 2000, min: 1 }),
    },
    name: readName(read),
  });
}

function readTargets(read: OptionReader<TcpOptions>, targets: unknown): readonly Target[] | undefined {
  if (targets === undefined) return undefined;
  const rule = 'must be a non-empty array of "host:port"';
  if (!Array.isArray(targets) || targets.length === 0) throw read.error('targets', rule);
  return targets.map((target: unknown) => {
    // `host:port`, the host an IPv6 address only in brackets.
    const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(String(target)) ?? [];
    const host = bracketed ?? name;
    const port = Number(digits);
    if (typeof target !== 'string' || host === undefined || port < 1 || port > 65_535) {
      throw read.error('targets', `${rule} with a port from 1 to 65535, which ${JSON.stringify(target)} is not`);
    }
    return targetOf(host, port, undefined);
  });
}

function readTls(read: OptionReader<TcpOptions>, tls: unknown): TcpTlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    throw read.error('tls', 'must be true, false or an object of options of node:tls');
  }
  return checkTls(tls);
}

function readName(read: OptionReader<TcpOptions>): string {
  const name = read.string('name') ?? `${hostname()}/${process.pid}`.slice(0, 255);
  // A hello may have 1024 bytes.
  if (name.length > 255 || !name.isWellFormed()) throw read.error('name', 'may have up to 255 characters');
  return name;
}
