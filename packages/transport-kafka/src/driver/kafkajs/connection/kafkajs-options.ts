import type { ConnectionOptions } from 'node:tls';
import { type KafkaConfig, logLevel, type Mechanism, type RetryOptions, type SASLOptions } from 'kafkajs';
import type { Sockets } from './sockets.ts';

/** What is left of kafkajs's configuration: the rest is decided by this driver, which relies on it. */
export type KafkaJsSettings = Omit<
  KafkaConfig,
  'brokers' | 'clientId' | 'ssl' | 'sasl' | 'retry' | 'logLevel' | 'logCreator' | 'enforceRequestTimeout'
>;

/** kafkajs's mechanisms: those with a password as one type, so that which of them it is may be chosen at run time. */
export type KafkaJsSasl =
  | Exclude<SASLOptions, { readonly mechanism: PasswordMechanism }>
  | { readonly mechanism: PasswordMechanism; readonly username: string; readonly password: string }
  | Mechanism;

type PasswordMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export interface KafkaJsOptions {
  /** `host:port` each; IPv6 as `[::1]:9092`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: ConnectionOptions | boolean | undefined;
  readonly sasl?: KafkaJsSasl | undefined;
  /** `connectionTimeout` is 3 000 ms unless set, `requestTimeout` 10 000. A `socketFactory` is used, with TCP_NODELAY. */
  readonly kafkajs?: KafkaJsSettings | undefined;
  /** Told once each: what the user should know, and that ends nothing. */
  warn(what: string, detail?: unknown): void;
  /** What kafkajs would log. Default: nowhere; failures reach the caller anyway. */
  log?(level: 'error' | 'warn' | 'info' | 'debug', message: string, detail: object): void;
}

const levels = new Map<logLevel, 'error' | 'warn' | 'info' | 'debug'>([
  [logLevel.ERROR, 'error'],
  [logLevel.WARN, 'warn'],
  [logLevel.INFO, 'info'],
  [logLevel.DEBUG, 'debug'],
]);

/** A configuration for one kafkajs client: each role has its own, since clients of one `Kafka` share offsets. */
export function kafkaConfig(options: KafkaJsOptions, sockets: Sockets, retry: RetryOptions): KafkaConfig {
  return {
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    ...options.kafkajs,
    brokers: [...options.brokers],
    clientId: options.clientId,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    // A copy: kafkajs keeps what it made of the password in it.
    ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl } as SASLOptions }),
    // kafkajs has other defaults when NODE_ENV is "test"; with all of them given it is the same everywhere.
    retry: { factor: 0.2, multiplier: 2, maxRetryTime: 500, initialRetryTime: 50, retries: 0, ...retry },
    socketFactory: sockets.factory,
    logLevel: options.log === undefined ? logLevel.NOTHING : logLevel.INFO,
    logCreator: () => (entry) => {
      const level = levels.get(entry.level);
      if (level !== undefined) options.log?.(level, `${entry.namespace}: ${entry.log.message}`, entry.log);
    },
  };
}
