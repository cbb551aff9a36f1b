import { messageOf, RpcCode, RpcException } from '@parley/core/transport';

/** What kafkajs's errors have, as far as each has it. */
interface KafkaJsError {
  readonly name?: unknown;
  /** The protocol's name of the error. */
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** kafkajs wraps an error in those of its retries; the first one says what happened. */
export function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < 10; depth++) {
    const cause: unknown = (root as KafkaJsError | undefined)?.cause;
    if (typeof root !== 'object' || root === null || cause === undefined || cause === null) break;
    root = cause;
  }
  return root;
}

/** The protocol's name of an error, as `UNKNOWN_MEMBER_ID`, else kafkajs's own, as `KafkaJSConnectionError`. */
export function kindOf(error: unknown): string {
  const { type, name } = (rootOf(error) ?? {}) as KafkaJsError;
  if (typeof type === 'string') return type;
  return typeof name === 'string' ? name : '';
}

const forbidden = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

const malformed = new Set([
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'GROUP_MAX_SIZE_REACHED',
  'INVALID_TIMESTAMP',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'INVALID_REQUEST',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_VERSION',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
  'TypeError',
  'RangeError',
]);

/** After these a request may have been carried out: it was written, and the answer did not come. */
const unknownOutcome = new Set([
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NETWORK_EXCEPTION',
  'UNKNOWN',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
]);

/** Node's and OpenSSL's names for TLS that will not be better the next time. */
const tlsFailure = /^ERR_(SSL|OSSL|TLS)|CERT|ALTNAME|SELF_SIGNED|^UNABLE_TO_/;

function codeOf(error: unknown): RpcCode {
  const kind = kindOf(error);
  if (forbidden.has(kind)) return RpcCode.Forbidden;
  if (kind === 'KafkaJSSASLAuthenticationError' || kind === 'SASL_AUTHENTICATION_FAILED')
    return RpcCode.Unauthenticated;
  if (kind === 'UNSUPPORTED_SASL_MECHANISM' || malformed.has(kind)) return RpcCode.BadRequest;
  if (kind === 'UNKNOWN_TOPIC_OR_PARTITION') return RpcCode.NotFound;
  if (kind === 'MESSAGE_TOO_LARGE' || kind === 'RECORD_LIST_TOO_LARGE') return RpcCode.PayloadTooLarge;
  const { code } = (rootOf(error) ?? {}) as KafkaJsError;
  return typeof code === 'string' && tlsFailure.test(code) ? RpcCode.BadRequest : RpcCode.Unavailable;
}

/**
 * `what` could not be done: `Cannot create the topic "a"`. Without `sent` the request surely was not carried out; with it, an
 * error that leaves that open becomes 502.
 */
export function driverError(what: string, error: unknown, sent = false): RpcException {
  if (error instanceof RpcException) return error;
  const root = rootOf(error);
  const unknown = sent && unknownOutcome.has(kindOf(root));
  const code = unknown ? RpcCode.ConnectionLost : codeOf(root);
  return new RpcException(`${what}: ${messageOf(root)}${advice(root, code)}`, { code, cause: error });
}

function advice(root: unknown, code: RpcCode): string {
  if (code === RpcCode.Unauthenticated) return '. Check the option "sasl".';
  if (code === RpcCode.NotFound) return '. Was the topic deleted?';
  if (kindOf(root) === 'KafkaJSNotImplemented') return '. Register a codec for it with kafkajs (CompressionCodecs).';
  const socketCode = (root as KafkaJsError | undefined)?.code;
  if (code === RpcCode.BadRequest && typeof socketCode === 'string' && tlsFailure.test(socketCode))
    return '. Check the option "ssl": does it trust the authority of the broker\'s certificate (ca)?';
  if (messageOf(root).includes('before secure TLS connection'))
    return '. Does the broker speak TLS there (option "ssl")?';
  if (socketCode === 'ECONNREFUSED') return '. Is the broker started, and is the option "brokers" right?';
  return '';
}

/** No connection came about. A broker that wants something else than it gets hangs up without a word. */
export function connectError(error: unknown): RpcException {
  const reason = driverError('Cannot connect to Kafka', error);
  if (kindOf(reason) !== 'KafkaJSConnectionClosedError') return reason;
  const advised = `${reason.message}: the broker hung up. Does it want TLS (option "ssl") or credentials (option "sasl")?`;
  return new RpcException(advised, { code: reason.code, cause: error });
}

/** Trying again cannot help: not the broker's state is to blame. */
export function isFatal(error: RpcException): boolean {
  return (
    error.code === RpcCode.BadRequest || error.code === RpcCode.Unauthenticated || error.code === RpcCode.Forbidden
  );
}
