import { RpcCode, RpcException } from '@parley/core/transport';

/**
 * What Node's errors mean for a user of this transport. Code 503 says that trying again may help; anything else that
 * it cannot.
 */

/** Certificates that are not trusted, expired or for another name: of Node (X509_V_ERR_…) and of OpenSSL's alerts. */
const certificateErrors = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** An attempt to connect failed. `target` is what the user gave, `host:port` or a path. */
export function connectError(error: unknown, target: string): RpcException {
  const code = codeOf(error);
  const failed = (why: string, rpcCode: RpcCode = RpcCode.Unavailable): RpcException =>
    new RpcException(`Cannot connect to ${target}: ${why}`, { code: rpcCode, cause: error });
  switch (code) {
    case 'ECONNREFUSED':
      return failed('nobody listens there. Is the service started, and are host and port right?');
    case 'ENOENT':
      return failed('there is no such socket file. Is the service started, and is the path right?');
    case 'ENOTFOUND':
      return failed('the host name is not known. Is it spelled right, and does the DNS know it?');
    case 'EAI_AGAIN':
      return failed('the DNS did not answer. Is the network up?');
    case 'ECONNRESET':
    case 'EPIPE':
      return failed(
        'the other side closed the connection. Is it a Parley service, with TLS on both sides or on none, and does it trust our certificate if it asks for one?',
      );
    case 'ETIMEDOUT':
      return failed('nobody answered in time. Is the host up, and does a firewall let the port through?');
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failed('there is no route to the host. Is the network up?');
    case 'EACCES':
    case 'EPERM':
      return failed('permission denied. May this user open the socket?', RpcCode.BadRequest);
    case 'ENOTSOCK':
      return failed('this is not a socket file.', RpcCode.BadRequest);
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return failed('the other side does not speak TLS, or no version in common.', RpcCode.BadRequest);
    default:
      break;
  }
  if (certificateErrors.has(code)) {
    return failed(
      `its certificate is refused: ${messageOf(error)}. Check the options "tls.ca" and "tls.servername".`,
      RpcCode.BadRequest,
    );
  }
  if (/^ERR_SSL_.*ALERT/.test(code)) {
    return failed(
      `the other side refuses our TLS: ${messageOf(error)}. Check the options "tls.cert" and "tls.key".`,
      RpcCode.BadRequest,
    );
  }
  // What else TLS objects to comes from keys and certificates that cannot be read: the same the next time.
  const configuration = /^ERR_(SSL|OSSL|TLS|CRYPTO)_|^ERR_INVALID_ARG|^ERR_SOCKET_BAD_PORT/.test(code);
  return failed(messageOf(error), configuration ? RpcCode.BadRequest : RpcCode.Unavailable);
}

/** Listening failed. `address` is `host:port` or a path. */
export function listenError(error: unknown, address: string): RpcException {
  const failed = (why: string, code: RpcCode = RpcCode.BadRequest): RpcException =>
    new RpcException(`Cannot listen on ${address}: ${why}`, { code, cause: error });
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return failed('it is in use by another process or listener. Stop that one, or choose another.', RpcCode.Conflict);
    case 'EACCES':
    case 'EPERM':
      return failed('permission denied. Ports below 1024 and folders of others need privileges.');
    case 'EADDRNOTAVAIL':
      return failed('this machine has no such address. Check the option "host".');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed('the host name is not known. Check the option "host".');
    case 'ENOENT':
    case 'ENOTDIR':
      return failed('the folder of the socket file does not exist. Check the option "path".');
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return failed('the path of a Unix socket may have about 100 bytes. Check the option "path".');
    case 'EMFILE':
    case 'ENFILE':
      return failed('too many open files.', RpcCode.Unavailable);
    default:
      return failed(messageOf(error));
  }
}

/** A connection that was up is gone: what was under way has an unknown outcome. */
export function lostError(error: unknown, peer: string): RpcException {
  const why = error === undefined ? 'the other side closed it' : messageOf(error);
  return new RpcException(`The connection to ${peer} was lost: ${why}`, { code: RpcCode.ConnectionLost, cause: error });
}

/** The system's name of an error; of several attempts (IPv4 and IPv6) that of the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1));
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors.at(-1));
  return error instanceof Error ? error.message : String(error);
}
