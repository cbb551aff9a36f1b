import type { OptionReader } from '@parley/core/transport';
import type { KafkaJsSettings } from '../driver/index.ts';
import { isObject, readNested } from './nested-options.ts';

const names = [
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
  'requestTimeout',
  'socketFactory',
] as const satisfies readonly (keyof KafkaJsSettings)[];

/** What kafkajs has and is decided elsewhere: it would go around what this transport relies on. */
const elsewhere: Readonly<Record<string, string>> = {
  brokers: 'is an option of its own: give "brokers" beside "kafkajs"',
  clientId: 'is an option of its own: give "clientId" beside "kafkajs"',
  ssl: 'is an option of its own: give "ssl" beside "kafkajs"',
  sasl: 'is an option of its own: give "sasl" beside "kafkajs"',
  retry: 'is not for you to set: this transport tries again by itself',
  enforceRequestTimeout: 'is not for you to set: without it a broker that hangs is never noticed',
  logLevel: 'is not for you to set: what matters comes as an error, or to the logger of Parley',
  logCreator: 'is not for you to set: what matters comes as an error, or to the logger of Parley',
};

/** The least that is not certain to fail: kafkajs looks for timeouts ten times a second at most. */
const minTimeout = 100;

/** Refuses what kafkajs does not have, and what would go around an option of ours. @throws RpcException 400 naming it. */
export function readKafkaJsSettings(
  parent: OptionReader<{ readonly kafkajs?: unknown }>,
  what: string,
  settings: KafkaJsSettings | undefined,
): KafkaJsSettings {
  for (const name of Object.keys(isObject(settings) ? settings : {})) {
    const why = elsewhere[name];
    if (why !== undefined) throw parent.error('kafkajs', `has no "kafkajs.${name}": "${name}" ${why}`);
  }
  const read = readNested(parent as OptionReader<Record<'kafkajs', unknown>>, what, 'kafkajs', settings, names);
  const { connectionTimeout, authenticationTimeout, reauthenticationThreshold, requestTimeout, socketFactory } =
    settings ?? {};
  // Undefined stays undefined: the defaults are the driver's.
  if (connectionTimeout !== undefined) read.milliseconds('kafkajs.connectionTimeout', { default: 0, min: minTimeout });
  if (authenticationTimeout !== undefined)
    read.milliseconds('kafkajs.authenticationTimeout', { default: 0, min: minTimeout });
  if (reauthenticationThreshold !== undefined) read.milliseconds('kafkajs.reauthenticationThreshold', { default: 0 });
  if (requestTimeout !== undefined) read.milliseconds('kafkajs.requestTimeout', { default: 0, min: minTimeout });
  if (socketFactory !== undefined && typeof socketFactory !== 'function') {
    throw read.error('kafkajs.socketFactory', 'must be a function');
  }
  const given = Object.entries(settings ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as KafkaJsSettings;
}
