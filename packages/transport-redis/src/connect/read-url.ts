import { RpcCode, RpcException } from '@parley/core/transport';
import type { PlaceOptions } from './place-options.ts';

/** What a URL says; `undefined` is for the options or their defaults to say. */
export interface FromUrl {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db?: number | undefined;
  readonly isSecure?: boolean;
}

/**
 * `redis://user:password@host:port/db`, as https://www.iana.org/assignments/uri-schemes/prov/redis has it.
 *
 * @throws RpcException 400, which never shows the URL, since it may hold a password.
 */
export function readUrl(options: PlaceOptions): FromUrl {
  const said = parse(options.url);
  if (said === undefined) throw wrong('must be redis://[user:password@]host[:port][/db], or rediss:// for TLS');
  for (const name of ['username', 'password', 'db'] as const) {
    if (said[name] !== undefined && options[name] !== undefined) throw wrong(`has "${name}", and so have the options`);
  }
  return said;
}

function parse(text: unknown): FromUrl | undefined {
  const url = typeof text === 'string' && /^rediss?:\/\//.test(text) ? URL.parse(text) : null;
  const db = /^\/?(\d{0,9})$/.exec(url?.pathname ?? '-')?.[1];
  if (url === null || db === undefined || url.search !== '' || url.hash !== '') return undefined;
  try {
    return {
      // Brackets of an IPv6 address are the URL's, not the host's.
      host: decode(url.hostname)?.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? undefined : Number(url.port),
      username: decode(url.username),
      password: decode(url.password),
      db: db === '' ? undefined : Number(db),
      isSecure: url.protocol === 'rediss:',
    };
  } catch {
    return undefined; // A percent sign that escapes nothing.
  }
}

function decode(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text);
}

function wrong(rule: string): RpcException {
  return new RpcException(`redis: the option "url" ${rule}`, { code: RpcCode.BadRequest });
}
