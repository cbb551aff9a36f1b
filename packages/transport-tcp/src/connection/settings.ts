import { BufferPool } from '../frame/buffer-pool.ts';
import { StringCache } from '../frame/string-cache.ts';
import { TextBytes } from '../frame/text-bytes.ts';
import type { ResolvedTcpOptions } from '../tcp-options.ts';
import type { ConnectionSettings } from './connection-owner.ts';

/** One set for the whole process: what is in a processor's cache is worth more than what each connection has for itself. */
const means = { pool: new BufferPool(), names: new TextBytes(), strings: new StringCache() };

/** What the connections of one client or server share. */
export function connectionSettings(options: ResolvedTcpOptions): ConnectionSettings {
  const { name, maxBody, maxQueued, frameTimeout, heartbeat, connectTimeout } = options;
  return {
    name,
    maxBody,
    maxQueued,
    frameTimeout,
    heartbeat,
    helloTimeout: connectTimeout,
    ...means,
  };
}
