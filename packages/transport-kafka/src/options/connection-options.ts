import type { ConnectionOptions } from 'node:tls';
import { OptionReader } from '@parley/core/transport';
import type { KafkaJsOptions, KafkaJsSettings } from '../driver/index.ts';

/** Who logs in, and how: kafkajs's own mechanisms. */
export type SaslOptions = NonNullable<KafkaJsOptions['sasl']>;

/** How the brokers are reached: the same for everything that talks to them. */
export interface ConnectionOptionsOfKafka {
  /** `host:port` of some of the brokers, from which all are found; required. IPv6 as `[::1]:9092`. */
  readonly brokers: readonly string[];
  /**
   * What this application is called in the brokers' logs and quotas, and in the name of the topic for its answers: the
   * instances of one service have the same. Default: the group, or `parley`.
   */
  readonly clientId?: string | undefined;
  /** TLS: `true`, or options of `node:tls`. Default: plain. */
  readonly ssl?: ConnectionOptions | boolean | undefined;
  /** `{ mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', username, password }`, or another of kafkajs's mechanisms. Default: none. */
  readonly sasl?: SaslOptions | undefined;
  /**
   * More of kafkajs's own configuration: `connectionTimeout` (3000 ms), `requestTimeout` (10 000 ms), `socketFactory` … For what has
   * no option here; another driver would not have it.
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

const kafkajsNames = [
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
  'requestTimeout',
  'socketFactory',
] as const satisfies readonly (keyof KafkaJsSettings)[];

/** @throws RpcException 400 naming the option that is wrong. */
export function readConnection<Options extends ConnectionOptionsOfKafka>(
  read: OptionReader<Options>,
  what: string,
  { brokers, ssl, sasl, kafkajs }: Options,
): ResolvedConnectionOptions {
  checkBrokers(read, brokers);
  if (ssl !== undefined && typeof ssl !== 'boolean' && !isObject(ssl)) {
    throw read.error('ssl', 'must be true, false or an object of options of node:tls');
  }
  checkSasl(read, sasl);
  return { brokers: [...brokers], ssl, sasl, kafkajs: readKafkaJs(what, kafkajs) };
}

/** Refuses what kafkajs does not have, and what would go around an option of ours. */
function readKafkaJs(what: string, settings: KafkaJsSettings | undefined): KafkaJsSettings {
  const read = new OptionReader<KafkaJsSettings>(`${what}: the option "kafkajs"`, settings, kafkajsNames);
  const { socketFactory } = settings ?? {};
  if (socketFactory !== undefined && typeof socketFactory !== 'function') {
    throw read.error('socketFactory', 'must be a function');
  }
  return { ...settings };
}

function checkBrokers<Options extends ConnectionOptionsOfKafka>(read: OptionReader<Options>, brokers: unknown): void {
  const rule = 'must be a non-empty array of "host:port"';
  if (!Array.isArray(brokers) || brokers.length === 0) throw read.error('brokers', rule);
  for (const broker of brokers as unknown[]) {
    // `host:port`, the host an IPv6 address only in brackets.
    const port = /^(?:\[[^\]]+\]|[^:[\]\s/]+):(\d{1,5})$/.exec(String(broker))?.[1];
    if (typeof broker !== 'string' || port === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw read.error('brokers', `${rule} with a port from 1 to 65535, which ${JSON.stringify(broker)} is not`);
    }
  }
}

function checkSasl<Options extends ConnectionOptionsOfKafka>(read: OptionReader<Options>, sasl: unknown): void {
  if (sasl === undefined) return;
  const { mechanism, username, password, authenticationProvider } = isObject(sasl) ? sasl : {};
  if (typeof mechanism !== 'string' || mechanism === '') {
    throw read.error('sasl', 'must be { mechanism, … }, the mechanism such as "plain" or "scram-sha-512"');
  }
  const isPassword = /^(?:plain|scram-sha-(?:256|512))$/i.test(mechanism) && authenticationProvider === undefined;
  // Neither is quoted: errors end in logs.
  if (isPassword && !(isText(username) && isText(password))) {
    throw read.error('sasl', `needs a "username" and a "password", both non-empty texts, for ${mechanism}`);
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
