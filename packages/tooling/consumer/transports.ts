// Compiled by ../test/packages.test.ts: what the transports add to core's types must reach who installs them.
import { Controller, MessagePattern, provideMicroservices, Transports } from '@parley/core';
import type { TcpContext } from '@parley/transport-tcp';

export const byName = provideMicroservices([
  { token: 'main', options: { transport: Transports.TCP, options: { port: 8888, maxBody: 1024 } } },
]);

@Controller()
export class WhereFrom {
  @MessagePattern('where.tcp', Transports.TCP)
  overTcp(_: unknown, ctx: TcpContext) {
    return ctx.remoteAddress;
  }

  // @ts-expect-error -- without the transport the context may be any other's
  @MessagePattern('where.any')
  overAny(_: unknown, ctx: TcpContext) {
    return ctx.remoteAddress;
  }
}
