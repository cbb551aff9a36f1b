import { RpcException } from '@parley/core/transport';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { note, type Stage, type Whereabouts } from './connection/whereabouts.ts';
import { connectError, driverError, isFatal } from './errors.ts';

const { KafkaJSConnectionError, KafkaJSProtocolError } = kafkajs;

const brokers = ['a:1'];
const plain: Omit<Whereabouts, 'stage'> = { broker: 'a:1', isAdvertised: false };

/** As kafkajs makes them of Node's. */
function system(code: string, message = `connect ${code}`): Error {
  return new KafkaJSConnectionError(`Connection error: ${message}`, { broker: 'a:1', code });
}

function protocol(type: string, message = `what kafkajs says of ${type}`): Error {
  return Object.assign(new KafkaJSProtocolError(message), { type });
}

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

function at(stage: Stage, error: Error, more: Partial<Whereabouts> = {}): Error {
  note(error, { ...plain, stage, ...more });
  return error;
}

const closed = (): Error => named('KafkaJSConnectionClosedError', 'Closed connection', { broker: 'a:1' });

describe('an error of connecting', () => {
  it.each<[Error, number, RegExp]>([
    [system('ECONNREFUSED'), 503, /^Cannot use Kafka at a:1: nobody listens there.* "brokers" right\?/],
    [system('ENOTFOUND'), 503, /host name is not known.*"brokers"/],
    [system('EAI_AGAIN'), 503, /DNS/],
    [system('EHOSTUNREACH'), 503, /no route/],
    [system('ETIMEDOUT'), 503, /firewall/],
    [new KafkaJSConnectionError('Connection timeout', { broker: 'a:1' }), 503, /firewall.*"ssl".*"brokers"/],
    [
      system('ECONNRESET', 'Client network socket disconnected before secure TLS connection was established'),
      503,
      /hung up before TLS.*"ssl"/,
    ],
    [system('SELF_SIGNED_CERT_IN_CHAIN'), 400, /not trusted.*"ssl": { ca }/],
    [system('DEPTH_ZERO_SELF_SIGNED_CERT'), 400, /not trusted/],
    [system('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 400, /not trusted/],
    [system('ERR_TLS_CERT_ALTNAME_INVALID'), 400, /another host.*{ servername }/],
    [system('CERT_HAS_EXPIRED'), 400, /not valid now/],
    [system('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 400, /certificate of this client.*{ cert, key }/],
    [system('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE'), 400, /certificate of this client/],
    [system('EPROTO'), 400, /TLS failed.*"ssl"/],
    [system('ERR_SSL_WRONG_VERSION_NUMBER'), 400, /TLS failed/],
    [named('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed'), 401, /"sasl"/],
    [
      named('KafkaJSSASLAuthenticationError', 'SASL SCRAM SHA256 authentication failed: Closed connection'),
      503,
      /log in was cut off/,
    ],
    [protocol('SASL_AUTHENTICATION_FAILED'), 401, /"sasl"/],
    [protocol('ILLEGAL_SASL_STATE'), 400, /wants no log in.*"sasl"/],
    [at('relogin', protocol('ILLEGAL_SASL_STATE')), 503, /log in anew so soon/],
    [protocol('UNSUPPORTED_SASL_MECHANISM'), 400, /"sasl.mechanism"/],
    [
      at('login', protocol('UNSUPPORTED_SASL_MECHANISM'), { mechanisms: ['PLAIN', 'SCRAM-SHA-512'] }),
      400,
      /It takes "plain", "scram-sha-512"/,
    ],
    [at('greeting', closed()), 503, /hung up without a word.*"ssl".*is it Kafka/],
    [at('unknown', closed()), 503, /without a log in.*"sasl"/],
    [at('login', closed()), 503, /hung up during the log in/],
    [at('talking', closed()), 503, /closed the connection/],
    [
      named('KafkaJSRequestTimeoutError', 'Request ApiVersions(key: 18, version: 2) timed out'),
      503,
      /does not answer as Kafka does.*"ssl"/,
    ],
    [named('KafkaJSRequestTimeoutError', 'Request Metadata(key: 3, version: 6) timed out'), 503, /requestTimeout/],
    [protocol('UNSUPPORTED_VERSION'), 501, /of long ago/],
    [new Error('whatever'), 503, /whatever/],
  ])('%s: %i', (cause, code, message) => {
    const error = connectError(cause, brokers);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string, cause });
    expect(error.message).toMatch(/^Cannot use Kafka at a:1: /);
    expect(error.message).not.toMatch(/Connection error|\n|undefined/);
    expect(isFatal(error)).toBe(code < 500 || code === 501);
  });

  it('names the broker that it is about, and where its address comes from', () => {
    const many = ['a:1', 'b:1', 'c:1'];
    expect(connectError(system('ECONNREFUSED'), many).message).toMatch(/at a:1, the last tried of a:1, b:1, c:1: /);
    const advertised = at('connecting', system('ENOTFOUND'), { broker: 'inside:9092', isAdvertised: true });
    expect(connectError(advertised, ['a:1']).message).toMatch(
      /at inside:9092, found through a:1: .*advertised\.listeners/,
    );
    expect(driverError('Cannot create topics', advertised).message).toMatch(
      /^Cannot create topics: Kafka at inside:9092: /,
    );
    expect(connectError(at('connecting', new Error('x'), { broker: '::1:9092' }), ['[::1]:9092']).message).toMatch(
      /^Cannot use Kafka at \[::1\]:9092: x/,
    );
    expect(
      connectError(
        new Error('x'),
        Array.from({ length: 9 }, (_, i) => `h${i}:1`),
      ).message,
    ).toMatch(/and 3 more: x/);
  });

  it('says what OpenSSL says, without its addresses', () => {
    const said =
      '404D0A0F4C7F0000:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 42\n';
    expect(connectError(system('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', said), brokers).message).toMatch(
      /\(ssl\/tls alert bad certificate\)$/,
    );
  });

  it('reads anything, and leaves what is clear already', () => {
    for (const thrown of [undefined, null, 'text', 1, {}]) expect(connectError(thrown, brokers).code).toBe(503);
    const clear = new RpcException('clear', { code: 409, cause: new Error('why') });
    expect(connectError(clear, brokers)).toBe(clear);
    // kafkajs wraps what it is given.
    expect(driverError('x', named('KafkaJSNumberOfRetriesExceeded', 'clear', { cause: clear })).code).toBe(409);
  });
});

describe('what a broker refuses', () => {
  it.each<[string, number, RegExp]>([
    ['TOPIC_AUTHORIZATION_FAILED', 403, /Describe, Read and Write/],
    ['GROUP_AUTHORIZATION_FAILED', 403, /Read on the groups/],
    ['CLUSTER_AUTHORIZATION_FAILED', 403, /Create/],
    ['INVALID_SESSION_TIMEOUT', 400, /"sessionTimeout".*group\.min\.session\.timeout\.ms/],
    ['INVALID_REPLICATION_FACTOR', 400, /"topics.replication"/],
    ['INVALID_CONFIG', 400, /"topics.config"/],
    ['INVALID_GROUP_ID', 400, /"group"/],
    ['INCONSISTENT_GROUP_PROTOCOL', 400, /another "group"/],
    ['GROUP_COORDINATOR_NOT_AVAILABLE', 503, /offsets\.topic\.replication\.factor/],
    ['UNKNOWN_TOPIC_OR_PARTITION', 404, /deleted\?/],
    ['NOT_LEADER_FOR_PARTITION', 503, /what kafkajs says/],
  ])('%s: %i', (type, code, message) => {
    const error = driverError('Cannot do it', protocol(type));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(error.message).toMatch(/^Cannot do it: /);
  });
});
