import type { CommonConnectionOptions, ConnectionOptions, SecureContextOptions, TlsOptions } from 'node:tls';
import { OptionReader } from '@parley/core/transport';

/** Options of node:tls, with Node's meanings and defaults. One object serves both sides; each reads what concerns it. */
export interface TcpTlsOptions
  extends SecureContextOptions,
    Pick<CommonConnectionOptions, 'ALPNProtocols' | 'SNICallback'>,
    Pick<ConnectionOptions, 'checkServerIdentity' | 'servername' | 'session'>,
    Pick<TlsOptions, 'sessionTimeout' | 'ticketKeys'> {
  /** A server asks its clients for a certificate (mutual TLS). Default false. */
  readonly requestCert?: boolean | undefined;
  /** Refuse whom the authorities do not vouch for: a client its server, a server with `requestCert` its clients. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
}

const names = [
  'ALPNProtocols',
  'SNICallback',
  'allowPartialTrustChain',
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'crl',
  'dhparam',
  'ecdhCurve',
  'honorCipherOrder',
  'key',
  'maxVersion',
  'minVersion',
  'passphrase',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'rejectUnauthorized',
  'requestCert',
  'secureOptions',
  'secureProtocol',
  'servername',
  'session',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
  'ticketKeys',
] as const satisfies readonly (keyof TcpTlsOptions)[];

/** A misspelt name here would mean less security than was asked for; the values are node:tls's to check. */
export function checkTls(tls: TcpTlsOptions): TcpTlsOptions {
  const read = new OptionReader<TcpTlsOptions>('tcp: the option "tls"', tls, names);
  read.boolean('requestCert', { default: false });
  read.boolean('rejectUnauthorized', { default: true });
  return { ...tls };
}

/** Whether a server can prove who it is with these. */
export function canListen(tls: TcpTlsOptions): boolean {
  return (tls.key !== undefined && tls.cert !== undefined) || tls.pfx !== undefined || tls.SNICallback !== undefined;
}
