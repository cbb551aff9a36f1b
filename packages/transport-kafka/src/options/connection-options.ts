import type { ConnectionOptions } from 'node:tls';
import type { OptionReader } from '@parley/core/transport';
import type { KafkaJsSettings } from '../driver/index.ts';
import { readKafkaJsSettings } from './kafkajs-settings.ts';
import { readSasl, type SaslOptions } from './sasl-options.ts';
import { readSsl } from './ssl-options.ts';

export type { SaslOptions } from './sasl-options.ts';

/** How the brokers are reached: the same for everything that talks to them. */
export interface ConnectionOptionsOfKafka {
  /** `host:port` of some of the brokers, from which all are found; required. IPv6 as `[::1]:9092`. */
  readonly brokers: readonly string[];
  /**
   * What this application is called in the brokers' logs and quotas, and in the name of the topic for its answers: the
   * instances of one service have the same. Default: the group, or `parley`.
   */
  readonly clientId?: string | undefined;
  /** TLS: `true`, or options of `node:tls` (`ca`, `cert` and `key` as PEM, not as paths). Default: plain. */
  readonly ssl?: ConnectionOptions | boolean | undefined;
  /**
   * `{ mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', username, password }`, `aws` or `oauthbearer` as kafkajs has them, or
   * `{ mechanism, authenticationProvider }` for one of yours. Default: none.
   */
  readonly sasl?: SaslOptions | undefined;
  /**
   * More of kafkajs's own configuration, in milliseconds: `connectionTimeout` (default 3000), `requestTimeout` (10 000, of a group
   * `sessionTimeout`), `authenticationTimeout` (10 000), `reauthenticationThreshold` (10 000); and `socketFactory`. Another driver
   * would not have it.
   */
  readonly kafkajs?: KafkaJsSettings | undefined;
}

export interface ResolvedConnectionOptions {
  readonly brokers: readonly string[];
  readonly ssl: ConnectionOptions | boolean | undefined;
  readonly sasl: SaslOptions | undefined;
  readonly kafkajs: KafkaJsSettings;
}

export const connectionOptionNames = [
  'brokers',
  'clientId',
  'ssl',
  'sasl',
  'kafkajs',
] as const satisfies readonly (keyof ConnectionOptionsOfKafka)[];

/** @throws RpcException 400 naming the option that is wrong. */
export function readConnection<Options extends ConnectionOptionsOfKafka>(
  read: OptionReader<Options>,
  what: string,
  { brokers, ssl, sasl, kafkajs }: Options,
): ResolvedConnectionOptions {
  checkBrokers(read, brokers);
  return {
    brokers: [...brokers],
    ssl: readSsl(read, ssl),
    sasl: readSasl(what, sasl),
    kafkajs: readKafkaJsSettings(read, what, kafkajs),
  };
}

function checkBrokers<Options extends ConnectionOptionsOfKafka>(read: OptionReader<Options>, brokers: unknown): void {
  const rule = 'must be a non-empty array of "host:port"';
  if (!Array.isArray(brokers) || brokers.length === 0) throw read.error('brokers', rule);
  for (const [index, broker] of (brokers as unknown[]).entries()) {
    // `host:port`, the host an IPv6 address only in brackets.
    const port = /^(?:\[[^\]@]+\]|[^:[\]\s/@]+):(\d{1,5})$/.exec(String(broker))?.[1];
    if (typeof broker === 'string' && port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) continue;
    // What is before an @ may be a password.
    if (String(broker).includes('@')) {
      throw read.error('brokers', `${rule}; credentials, as in the one at ${index}, go into the option "sasl"`);
    }
    throw read.error('brokers', `${rule} with a port from 1 to 65535, which ${JSON.stringify(broker)} is not`);
  }
}
