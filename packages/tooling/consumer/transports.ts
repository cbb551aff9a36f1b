// Compiled by ../test/packages.test.ts: what the transports add to core's types must reach who installs them.
import { Controller, MessagePattern, provideMicroservices, Transports } from '@parley/core';
import type { KafkaContext } from '@parley/transport-kafka';
import type { RedisContext } from '@parley/transport-redis';
import type { TcpContext } from '@parley/transport-tcp';

export const byName = provideMicroservices([
  { token: 'main', options: { transport: Transports.TCP, options: { port: 8888, maxBody: 1024 } } },
  { token: 'bus', options: { transport: Transports.REDIS, options: { mode: 'streams', group: 'users' } } },
  { token: 'log', options: { transport: Transports.KAFKA, options: { brokers: ['127.0.0.1:9092'], group: 'users' } } },
]);

@Controller()
export class WhereFrom {
  @MessagePattern('where.tcp', Transports.TCP)
  overTcp(_: unknown, ctx: TcpContext) {
    return ctx.remoteAddress;
  }

  @MessagePattern('where.redis', Transports.REDIS)
  overRedis(_: unknown, ctx: RedisContext) {
    return ctx.channel;
  }

  @MessagePattern('where.kafka', Transports.KAFKA)
  overKafka(_: unknown, ctx: KafkaContext) {
    return ctx.topic;
  }

  // @ts-expect-error -- without the transport the context may be any other's
  @MessagePattern('where.any')
  overAny(_: unknown, ctx: TcpContext) {
    return ctx.remoteAddress;
  }
}
