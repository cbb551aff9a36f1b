import { RpcCode, RpcException } from '@parley/core/transport';
import type { KafkaJsOptions } from '../driver/index.ts';
import { isObject } from './nested-options.ts';

/** Who logs in, and how: kafkajs's own mechanisms, or one of yours (`authenticationProvider`). */
export type SaslOptions = NonNullable<KafkaJsOptions['sasl']>;

interface Fields {
  /** Texts that are not empty. */
  readonly texts?: readonly string[];
  readonly functions?: readonly string[];
  /** Texts that may be missing. */
  readonly optional?: readonly string[];
}

const password: Fields = { texts: ['username', 'password'], optional: ['authorizationIdentity'] };

/** kafkajs's mechanisms, by the names that it takes in upper case, too. */
const mechanisms: Readonly<Record<string, Fields>> = {
  plain: password,
  'scram-sha-256': password,
  'scram-sha-512': password,
  aws: { texts: ['authorizationIdentity', 'accessKeyId', 'secretAccessKey'], optional: ['sessionToken'] },
  oauthbearer: { functions: ['oauthBearerProvider'], optional: ['authorizationIdentity'] },
};

const allowed =
  'must be "plain", "scram-sha-256" or "scram-sha-512" (with "username" and "password"), "aws" (with ' +
  '"authorizationIdentity", "accessKeyId" and "secretAccessKey"), "oauthbearer" (with "oauthBearerProvider"), or any that ' +
  'an "authenticationProvider" beside it speaks';

/**
 * Gives a copy.
 *
 * @throws RpcException 400 naming what is wrong, without any value but the mechanism's: errors end in logs.
 */
export function readSasl(what: string, sasl: unknown): SaslOptions | undefined {
  if (sasl === undefined) return undefined;
  if (!isObject(sasl)) throw wrong(what, 'sasl', 'must be an object { mechanism, … }');
  const { mechanism, authenticationProvider } = sasl;
  if (authenticationProvider !== undefined) {
    if (typeof authenticationProvider !== 'function') {
      throw wrong(what, 'sasl.authenticationProvider', 'must be a function');
    }
    if (!isText(mechanism)) throw wrong(what, 'sasl.mechanism', 'must be what the brokers call the mechanism');
    return { ...sasl } as unknown as SaslOptions;
  }
  const name = isText(mechanism) ? mechanism.toLowerCase() : '';
  const fields = Object.hasOwn(mechanisms, name) ? mechanisms[name] : undefined;
  if (fields === undefined) {
    throw wrong(what, 'sasl.mechanism', isText(mechanism) ? `${allowed}, got ${JSON.stringify(mechanism)}` : allowed);
  }
  checkFields(what, name, fields, sasl);
  return { ...sasl, mechanism: name } as unknown as SaslOptions;
}

function checkFields(what: string, mechanism: string, fields: Fields, sasl: Readonly<Record<string, unknown>>): void {
  const { texts = [], functions = [], optional = [] } = fields;
  const known = ['mechanism', ...texts, ...functions, ...optional];
  for (const name of Object.keys(sasl)) {
    if (known.includes(name)) continue;
    throw new RpcException(
      `${what}: there is no option "sasl.${name}" for ${mechanism}; the options are ${known.map((one) => `sasl.${one}`).join(', ')}`,
      { code: RpcCode.BadRequest },
    );
  }
  for (const name of texts) {
    if (!isText(sasl[name])) throw wrong(what, `sasl.${name}`, `must be a non-empty text: ${mechanism} needs it`);
  }
  for (const name of functions) {
    if (typeof sasl[name] !== 'function')
      throw wrong(what, `sasl.${name}`, `must be a function: ${mechanism} needs it`);
  }
  for (const name of optional) {
    if (sasl[name] !== undefined && typeof sasl[name] !== 'string') throw wrong(what, `sasl.${name}`, 'must be a text');
  }
}

/** Nothing is quoted: a password that is a number would be. */
function wrong(what: string, option: string, rule: string): RpcException {
  return new RpcException(`${what}: the option "${option}" ${rule}`, { code: RpcCode.BadRequest });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
