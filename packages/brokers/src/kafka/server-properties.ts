import type { Certificate } from '../shared/certificate.ts';
import type { KafkaOptions, KafkaSasl } from './kafka-options.ts';
import type { Properties } from './properties.ts';

/** Of every Kafka that we start: none meets another. */
export const clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** Where a node is reached, all on 127.0.0.1, and where it keeps its data. */
export interface NodePlace {
  readonly id: number;
  /** For clients. */
  readonly clients: number;
  readonly controller: number;
  /** For the other nodes and ourselves, without SASL and TLS. The clients' own where that has neither. */
  readonly internal: number;
  readonly data: string;
}

/** The configuration of a node: KRaft, broker and controller in one, tuned to start and to notice a death soon. */
export function serverProperties(
  place: NodePlace,
  places: readonly NodePlace[],
  options: KafkaOptions,
  certificate: Certificate | undefined,
): Properties {
  const replicas = String(places.length);
  const inSync = String(Math.min(2, places.length));
  return {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    'controller.quorum.voters': places.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
    'log.dirs': place.data,
    ...listeners(place, options),
    ...(options.sasl === undefined ? {} : saslProperties(options.sasl)),
    ...(certificate === undefined ? {} : tlsProperties(certificate)),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '1',
    // Kafka waits 3 s for more members before it starts a new group.
    'group.initial.rebalance.delay.ms': '0',
    // A node that was killed may register anew only when its old session is over: 9 s by default. Of several, one that
    // a busy machine does not let run for a second is not to lose its partitions.
    'broker.session.timeout.ms': places.length === 1 ? '1000' : '3000',
    'broker.heartbeat.interval.ms': '200',
    // The smallest that it takes; 128 MB by default.
    'log.cleaner.dedupe.buffer.size': '2097152',
    ...options.properties,
  };
}

/** Enough for `kafka-storage format`, which writes to `folder` and opens no port. */
export function formatProperties(folder: string): Properties {
  return {
    'process.roles': 'broker,controller',
    'node.id': '0',
    'controller.quorum.voters': '0@127.0.0.1:1',
    'log.dirs': folder,
    ...listeners({ id: 0, clients: 2, controller: 1, internal: 2, data: folder }, {}),
  };
}

function listeners(place: NodePlace, { sasl, tls }: KafkaOptions): Properties {
  const security = `${sasl === undefined ? '' : 'SASL_'}${tls === true ? 'SSL' : 'PLAINTEXT'}`;
  const brokers = [`CLIENTS://127.0.0.1:${place.clients}`];
  if (place.internal !== place.clients) brokers.push(`INTERNAL://127.0.0.1:${place.internal}`);
  return {
    listeners: [...brokers, `CONTROLLER://127.0.0.1:${place.controller}`].join(','),
    'advertised.listeners': brokers.join(','),
    'listener.security.protocol.map': `CLIENTS:${security},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': place.internal === place.clients ? 'CLIENTS' : 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
  };
}

function saslProperties({ mechanism, username, password }: KafkaSasl): Properties {
  const login =
    mechanism === 'plain'
      ? `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`
      : 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    'sasl.enabled.mechanisms': mechanism.toUpperCase(),
    [`listener.name.clients.${mechanism}.sasl.jaas.config`]: login,
  };
}

function tlsProperties({ cert, key }: Certificate): Properties {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': cert,
    'ssl.keystore.key': key,
  };
}
