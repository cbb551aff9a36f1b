import { messageOf, RpcCode } from '@parley/core/transport';
import type { Whereabouts } from './connection/whereabouts.ts';
import { type KafkaJsError, kindOf } from './error-kinds.ts';
import { addressCodes, kinds, type Meaning, tlsMeaning } from './meanings.ts';

/** What happened and what to do, in one line. */
export function explained(
  root: unknown,
  where: Whereabouts | undefined,
): { readonly code: RpcCode; readonly text: string } {
  const said = saidBy(root);
  const { code, why, advice } = meaningOf(root, said, where);
  const first = why ?? sentence(said);
  const quoted = why === undefined || said === '' ? '' : ` (${said})`;
  return { code, text: `${advice === undefined ? first : `${sentence(first)} ${advice}`}${quoted}` };
}

const cutOff = /failed: (?:Closed connection|Connection|Not connected|Request \w+\()/;

function meaningOf(root: unknown, said: string, where: Whereabouts | undefined): Meaning {
  const kind = kindOf(root);
  // kafkajs calls it a refusal, too, that nobody answered.
  if (kind === 'KafkaJSSASLAuthenticationError' && cutOff.test(said)) return unavailable('the log in was cut off');
  if (kind === 'ILLEGAL_SASL_STATE' && where?.stage === 'relogin')
    return unavailable('the broker does not let it log in anew so soon');
  const known = kinds.get(kind);
  if (known !== undefined) return kind === 'UNSUPPORTED_SASL_MECHANISM' ? withMechanisms(known, where) : known;
  const { code } = (root ?? {}) as KafkaJsError;
  const system = typeof code === 'string' ? code : '';
  const why = addressCodes.get(system);
  if (why !== undefined) return { code: RpcCode.Unavailable, why, advice: addressAdvice(where) };
  return tlsMeaning(system) ?? connectionMeaning(kind, said, where) ?? { code: RpcCode.Unavailable };
}

/** A connection that came about, or nearly, and was no good. Time may heal it: brokers are stopped, and hang. */
function connectionMeaning(kind: string, said: string, where: Whereabouts | undefined): Meaning | undefined {
  if (said.includes('before secure TLS connection')) {
    return unavailable('it hung up before TLS was established', 'Does it speak TLS on this port (option "ssl")?');
  }
  if (said === 'Connection timeout') {
    const advice = `Is the host up, does a firewall let the port through, and is TLS on both sides or on none (options "ssl", "kafkajs.connectionTimeout")?${addressAdvice(where, ' ')}`;
    return unavailable('it did not answer in time', advice);
  }
  if (kind === 'KafkaJSRequestTimeoutError') {
    return said.includes('ApiVersions')
      ? unavailable('it does not answer as Kafka does', 'Is it Kafka, and does it want TLS there (option "ssl")?')
      : unavailable(
          'it did not answer in time',
          'Does it hang, or is it overloaded (option "kafkajs.requestTimeout")?',
        );
  }
  if (kind !== 'KafkaJSConnectionClosedError') return undefined;
  switch (where?.stage) {
    case 'greeting':
      return unavailable('it hung up without a word', 'Does it want TLS there (option "ssl"), and is it Kafka?');
    case 'unknown':
      return unavailable(
        'it hung up when it was asked for something without a log in',
        'Does it want credentials there (option "sasl")?',
      );
    case 'login':
    case 'relogin':
      return unavailable('it hung up during the log in');
    default:
      return unavailable('it closed the connection');
  }
}

function unavailable(why: string, advice?: string): Meaning {
  return { code: RpcCode.Unavailable, why, ...(advice === undefined ? {} : { advice }) };
}

function withMechanisms(meaning: Meaning, where: Whereabouts | undefined): Meaning {
  const { mechanisms = [] } = where ?? {};
  if (mechanisms.length === 0) return meaning;
  const names = mechanisms.map((name) => `"${name.toLowerCase()}"`).join(', ');
  return { ...meaning, advice: `It takes ${names}: give that as "sasl.mechanism", with what it needs.` };
}

/** Whose mistake an address is, if it is one. */
function addressAdvice(where: Whereabouts | undefined, before = ''): string {
  return where?.isAdvertised === true
    ? `${before}The brokers give out this address themselves (their setting advertised.listeners): it must lead to them from here.`
    : `${before}Is the option "brokers" right?`;
}

/** What the error itself says, in one line, without what kafkajs puts before it and OpenSSL behind it. */
function saidBy(root: unknown): string {
  return messageOf(root)
    .replace(/^(?:Connection error|Failed to connect): /, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:]+).*$/, '$1')
    .trim();
}

function sentence(text: string): string {
  return /[.?!)]$/.test(text) ? text : `${text}.`;
}
