import kafkajs, { type Admin, type ICustomPartitioner, Kafka, Partitioners, type Producer } from 'kafkajs';
import { settled } from './backoff.ts';
import { isKnownCluster, onCluster } from './connection/internals.ts';
import { type KafkaJsOptions, kafkaConfig } from './connection/kafkajs-options.ts';
import { mendConnections } from './connection/open-cluster.ts';
import { Sockets } from './connection/sockets.ts';

/** kafkajs's own objects for the user (`unwrap`): configured as the driver is, connected by their first use, closed with it. */
export class UserObjects {
  readonly client: Kafka;
  readonly #sockets: Sockets;
  #producer: Producer | undefined;
  #admin: Admin | undefined;

  constructor(options: KafkaJsOptions) {
    this.#sockets = new Sockets(options.kafkajs?.socketFactory);
    this.client = new Kafka(kafkaConfig(options, this.#sockets, { retries: 5 }));
    onCluster(this.client, (cluster) => {
      if (isKnownCluster(cluster)) mendConnections(cluster, options, this.#sockets);
    });
  }

  get producer(): Producer {
    this.#producer ??= connectsItself(
      this.client.producer({ createPartitioner: partitioner, allowAutoTopicCreation: false }),
    );
    return this.#producer;
  }

  get admin(): Admin {
    this.#admin ??= connectsItself(this.client.admin());
    return this.#admin;
  }

  async close(timeout: number): Promise<void> {
    await settled(Promise.allSettled([this.#producer?.disconnect(), this.#admin?.disconnect()]), timeout);
    this.#sockets.close();
  }
}

/** To a partition newer than its metadata kafkajs's producer writes nothing, and resolves: this makes it look again. */
const partitioner: ICustomPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  return (args) => {
    const { partition } = args.message;
    const known =
      partition === undefined || args.partitionMetadata.some(({ partitionId }) => partitionId === partition);
    if (!known) throw missingPartition(args.topic, partition);
    return choose(args);
  };
};

/** kafkajs asks for metadata anew when it sees this one. Its types leave out the message. */
function missingPartition(topic: string, partition: number | undefined): Error {
  const Missing = kafkajs.KafkaJSMetadataNotLoaded as unknown as new (message: string) => Error;
  return new Missing(`The topic "${topic}" has no partition ${partition}`);
}

const noRequests = new Set(['connect', 'disconnect', 'on', 'logger', 'isIdempotent']);

/** Every method that asks a broker connects before. kafkajs makes plain objects of functions. */
function connectsItself<T extends { connect(): Promise<void> }>(object: T): T {
  const methods = object as unknown as Record<string, unknown>;
  for (const [name, method] of Object.entries(methods)) {
    if (typeof method !== 'function' || noRequests.has(name)) continue;
    methods[name] = async (...args: unknown[]): Promise<unknown> => {
      await object.connect();
      return (method as (...given: unknown[]) => unknown)(...args);
    };
  }
  return object;
}
