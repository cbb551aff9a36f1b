import type { TcpContext } from './tcp-context.ts';
import type { TcpOptions } from './tcp-options.ts';

declare module '@parley/core' {
  interface TransportOptions {
    tcp: TcpOptions;
  }
  interface TransportContexts {
    tcp: TcpContext;
  }
}

export { tcp } from './tcp.ts';
export { TcpClient } from './tcp-client.ts';
export { TcpContext } from './tcp-context.ts';
export type { TcpOptions } from './tcp-options.ts';
export { TcpTransporter } from './tcp-transporter.ts';
export type { TcpTlsOptions } from './tls-options.ts';
