import type { BrokerAddress } from './contest.ts';
import type { TransportName } from './contestants/index.ts';

/** Starts what a transport needs, for this run alone. */
export async function startBroker(transport: TransportName): Promise<BrokerAddress & AsyncDisposable> {
  switch (transport) {
    case 'tcp':
      return { url: '', [Symbol.asyncDispose]: async () => undefined };
    case 'redis':
    case 'streams': {
      const { startRedis } = await import('@parley/brokers/redis');
      const redis = await startRedis();
      return { url: redis.url, pid: redis.pid, [Symbol.asyncDispose]: () => redis.close() };
    }
    case 'kafka': {
      const { startKafka } = await import('@parley/brokers/kafka');
      // By default it is made to start soon, and then it is several times slower.
      const kafka = await startKafka({ jvmFlags: ['-XX:TieredStopAtLevel=4', '-Xmx1g'] });
      const [url = ''] = kafka.brokers;
      return { url, pid: kafka.pids[0], [Symbol.asyncDispose]: () => kafka.close() };
    }
  }
}
