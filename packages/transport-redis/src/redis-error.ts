import { messageOf, RpcCode, RpcException } from '@parley/core/transport';
import { withoutCommand } from './without-command.ts';

/**
 * What the errors of ioredis, of Redis and of Node mean for a user of this transport. Code 503 says that trying again
 * may help; anything else that it cannot.
 */

interface Meaning {
  readonly says: RegExp;
  readonly code: RpcCode;
  readonly why: string;
}

/** What Redis replies, by how it begins. */
const replies: readonly Meaning[] = [
  { says: /NOAUTH/, code: RpcCode.Unauthenticated, why: 'Redis wants a password. Give the option "password".' },
  {
    says: /WRONGPASS|invalid password|without any password configured/,
    code: RpcCode.Unauthenticated,
    why: 'Redis refuses the password. Check the options "username" and "password".',
  },
  {
    // The latter two are what a script's command says, by the version of Redis.
    says: /^NOPERM|user executing the script can't|ACL failure in script/,
    code: RpcCode.Forbidden,
    why: 'the ACL of the user does not allow it. See the README for the commands and channels that are needed.',
  },
  {
    says: /^DENIED/,
    code: RpcCode.Forbidden,
    why: 'Redis is in protected mode: it takes local clients only, or wants a password.',
  },
  {
    says: /DB index is out of range|SELECT is not allowed|invalid DB index/,
    code: RpcCode.BadRequest,
    why: 'Redis has no such database. Check the option "db".',
  },
  {
    says: /cluster support disabled/,
    code: RpcCode.BadRequest,
    why: 'it is no cluster. Give "host" and "port" instead of "cluster".',
  },
  { says: /^MOVED|^CROSSSLOT/, code: RpcCode.BadRequest, why: 'it is a node of a cluster. Give the option "cluster".' },
  {
    says: /^ERR unknown command|^ERR unknown subcommand/i,
    code: RpcCode.Unsupported,
    why: 'Redis is too old, or the command is renamed.',
  },
  { says: /^LOADING/, code: RpcCode.Unavailable, why: 'Redis is still loading its data.' },
  {
    says: /^READONLY|is not the master/,
    code: RpcCode.Unavailable,
    why: 'it is a replica: a failover is under way, or the address is wrong.',
  },
  {
    says: /^(CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|NOREPLICAS)/,
    code: RpcCode.Unavailable,
    why: 'Redis cannot serve at the moment.',
  },
  {
    says: /^OOM|OOM command not allowed/,
    code: RpcCode.Unavailable,
    why: 'Redis is full. Give it more memory ("maxmemory"), or keep less (the option "retention").',
  },
  {
    says: /^WRONGTYPE/,
    code: RpcCode.Conflict,
    why: 'a key that Parley needs holds something else. Give another "prefix", or find out whose it is.',
  },
  {
    says: /unknown command '?.?sentinel/i,
    code: RpcCode.BadRequest,
    why: 'what answers there is no sentinel. Give "host" and "port" instead of "sentinels".',
  },
  {
    says: /All sentinels are unreachable/,
    code: RpcCode.Unavailable,
    why: 'no sentinel answers. Are they started, and are host and port right?',
  },
  {
    says: /^MISCONF/,
    code: RpcCode.Unavailable,
    why: 'Redis cannot save its data, and takes nothing meanwhile. Its log says why.',
  },
  { says: /max number of clients/, code: RpcCode.Unavailable, why: 'Redis has as many clients as it may have.' },
  {
    says: /^Protocol error|^Unknown RESP type/,
    code: RpcCode.BadRequest,
    why: 'what answers there is not Redis. Are host and port right?',
  },
];

/** What Node says, by its code. */
const codes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there. Is Redis started, and are host and port right?',
  ENOENT: 'there is no such socket file. Is Redis started, and is the path right?',
  ENOTFOUND: 'the host name is not known. Is it spelled right, and does the DNS know it?',
  EAI_AGAIN: 'the DNS did not answer. Is the network up?',
  ECONNRESET: 'it closed the connection. Is it Redis, and with TLS on both sides or on none?',
  EPIPE: 'it closed the connection. Is it Redis, and with TLS on both sides or on none?',
  ETIMEDOUT:
    'nobody answered in time. Is the host up, does a firewall let the port through, and is TLS on both sides or on none?',
  EHOSTUNREACH: 'there is no route to the host. Is the network up?',
  ENETUNREACH: 'there is no route to the host. Is the network up?',
};

/** Certificates that are not trusted, keys that cannot be read, a peer without TLS: the same the next time. */
const tlsTrouble =
  /^(ERR_(SSL|OSSL|TLS|CRYPTO)_|EPROTO$|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$)/;

/** An attempt to connect failed, or to subscribe. `place` is where, as the user gave it. */
export function connectError(error: unknown, place: string): RpcException {
  if (error instanceof RpcException) return error;
  const { code, why } = meaningOf(error);
  return new RpcException(`Cannot use Redis at ${place}: ${why}`, { code, cause: withoutCommand(error) });
}

/** A connection that was up is gone. */
export function lostError(error: unknown, place: string): RpcException {
  const why = error === undefined ? 'Redis closed it' : messageOf(error);
  return new RpcException(`The connection to Redis at ${place} was lost: ${why}`, {
    code: RpcCode.ConnectionLost,
    cause: withoutCommand(error),
  });
}

/** Redis refused a command, so nothing has happened: 503 if it may take it later. */
export function refusedError(error: unknown, what: string): RpcException {
  const { code, why } = meaningOf(error);
  return new RpcException(`${what}: ${why}`, { code, cause: withoutCommand(error) });
}

/** A command was under way when its connection was lost. */
export function unknownError(error: unknown, pattern: string): RpcException {
  const message = `It is unknown whether "${pattern}" was sent: the connection to Redis was lost (${messageOf(error)})`;
  return new RpcException(message, { code: RpcCode.ConnectionLost, cause: withoutCommand(error) });
}

/** Redis has answered with an error: it did not do what it was asked. Everything else may have been done. */
export function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

function meaningOf(error: unknown): { readonly code: RpcCode; readonly why: string } {
  const last = lastOf(error);
  // What ioredis says of retries is about itself: Parley makes the next attempt.
  const message = messageOf(last).replace(' and retry is disabled', '');
  const systemCode = typeof last === 'object' && last !== null && 'code' in last ? String(last.code) : '';
  const known = codes[systemCode];
  if (known !== undefined) return { code: RpcCode.Unavailable, why: known };
  if (tlsTrouble.test(systemCode)) {
    return {
      code: RpcCode.BadRequest,
      why: `TLS failed: ${message}. Check the option "tls", and whether Redis has TLS.`,
    };
  }
  if (systemCode === 'EACCES' || systemCode === 'EPERM') {
    return { code: RpcCode.BadRequest, why: 'permission denied. May this user open the socket?' };
  }
  for (const { says, code, why } of replies) if (says.test(message)) return { code, why: `${why} (${message})` };
  return { code: RpcCode.Unavailable, why: message };
}

/** Of several attempts (IPv4 and IPv6, the nodes of a cluster) the last. */
function lastOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return lastOf(error.errors.at(-1));
  if (error instanceof Error && 'lastNodeError' in error && error.lastNodeError instanceof Error)
    return lastOf(error.lastNodeError);
  return error;
}
