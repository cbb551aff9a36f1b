import type { TransportFactory } from '@parley/core';
import { defineTransport, Transports } from '@parley/core/transport';
import { TcpClient } from './tcp-client.ts';
import { resolveTcpOptions, type TcpOptions } from './tcp-options.ts';
import { TcpTransporter } from './tcp-transporter.ts';

/**
 * TCP, plain or with TLS, or a Unix socket: `tcp({ port: 8888 })`. A message reaches the connected server, an event at
 * most once.
 *
 * @throws RpcException 400 naming the option that is wrong.
 */
export const tcp: TransportFactory<TcpOptions> = defineTransport<TcpOptions>(Transports.TCP, (options) => {
  const resolved = resolveTcpOptions(options);
  return {
    createTransporter: () => new TcpTransporter(resolved),
    createClient: () => new TcpClient(resolved),
  };
});
