import { type Cluster, Kafka, type RetryOptions } from 'kafkajs';
import type { InnerCluster } from './internals.ts';
import { isKnownCluster, isKnownConnection } from './internals.ts';
import { type KafkaJsOptions, kafkaConfig } from './kafkajs-options.ts';
import { makeLenient } from './lenient-broker.ts';
import { mendConnection } from './mend-connection.ts';
import { Sockets } from './sockets.ts';

/** kafkajs's cluster (metadata, connections to brokers), mended, with its sockets. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly sockets: Sockets;
}

/** Makes no connection. `requestTimeout` in milliseconds, unless the user has set one. */
export function openCluster(options: KafkaJsOptions, retry: RetryOptions = {}, requestTimeout?: number): OpenCluster {
  const sockets = new Sockets(options.kafkajs?.socketFactory);
  const settings = requestTimeout === undefined ? options.kafkajs : { requestTimeout, ...options.kafkajs };
  const config = kafkaConfig({ ...options, kafkajs: settings }, sockets, {
    // Each attempt to connect takes the next broker of the list.
    retries: options.brokers.length - 1,
    ...retry,
  });
  let cluster: Cluster | undefined;
  // The only public way to a cluster: assigners of a consumer are given it. The consumer is never used.
  new Kafka(config).consumer({
    groupId: options.clientId,
    allowAutoTopicCreation: false,
    retry: { retries: 0 },
    partitionAssigners: [
      (given) => {
        cluster = given.cluster;
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (cluster === undefined) throw new Error('kafkajs gave no cluster: is it version 2.2.4?');
  mendCluster(cluster, options, sockets);
  return { cluster, sockets };
}

/** Everything that is mended about kafkajs, for one client of it. */
export function mendCluster(cluster: Cluster, options: KafkaJsOptions, sockets: Sockets): void {
  if (!isKnownCluster(cluster)) {
    options.warn('kafkajs is not the version that this transport knows (2.2.4): it is used as it is');
    return;
  }
  const pool = cluster.brokerPool;
  const createBroker = pool.createBroker.bind(pool);
  pool.createBroker = (settings) => makeLenient(createBroker(settings));
  mendConnections(cluster, options, sockets);
}

/** Of a cluster that kafkajs's own producers and admins use, and that must show them every error. */
export function mendConnections(cluster: InnerCluster, options: KafkaJsOptions, sockets: Sockets): void {
  const builder = cluster.connectionPoolBuilder;
  const build = builder.build.bind(builder);
  const named = new Set(options.brokers.map(parseBroker).map(({ host, port }) => `${host}:${port}`));
  let next = 0;
  builder.build = async (destination) => {
    // Else kafkajs tries to connect for as long as its retries last.
    if (sockets.isClosed) throw Object.assign(new Error('the driver is closed'), { retriable: false });
    const seed = destination?.host === undefined ? parseBroker(options.brokers[next++ % options.brokers.length]) : {};
    const pool = await build({ ...destination, ...seed });
    const isAdvertised = !named.has(`${pool.host}:${pool.port}`);
    for (const connection of pool.pool) if (isKnownConnection(connection)) mendConnection(connection, isAdvertised);
    return pool;
  };
}

/** kafkajs splits at the first colon, which is not the one of `[::1]:9092`. */
function parseBroker(broker = ''): { host: string; port: number } {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(broker.slice(colon + 1)) };
}
