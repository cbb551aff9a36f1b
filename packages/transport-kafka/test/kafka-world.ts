import { connect, type Socket } from 'node:net';
import type { KafkaBroker } from '@parley/brokers/kafka';
import type { Transport } from '@parley/core/transport';
import type { DeadLetterSeen, World, WorldOptions } from '@parley/testing/conformance';
import { type KafkaOptions, kafka, kafkaDeadLetters } from '../src/index.ts';

type SocketFactory = NonNullable<NonNullable<KafkaOptions['kafkajs']>['socketFactory']>;

/** The way of one instance to the brokers, which can be cut for good: for the others it is as if its process were killed. */
class Line {
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  readonly factory: SocketFactory = ({ host, port, onConnect }) => {
    if (this.#isCut) throw new Error('this instance has crashed');
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy(new Error('this instance has crashed'));
  }
}

let worlds = 0;

/** A prefix of its own on a broker that it shares with others. */
export class KafkaWorld implements World {
  readonly prefix: string;
  readonly #kafka: KafkaBroker;
  readonly #lines = new Map<Transport, Line>();
  readonly #options: Partial<KafkaOptions>;

  constructor(broker: KafkaBroker, options: Partial<KafkaOptions> = {}) {
    worlds += 1;
    this.prefix = `w${process.pid}-${worlds}-`;
    this.#kafka = broker;
    this.#options = options;
  }

  server({ group = 'service', ...options }: WorldOptions & Partial<KafkaOptions> = {}): Transport {
    return this.#create({ ...options, group: this.groupOf(group) });
  }

  client(_?: unknown, options: WorldOptions & Partial<KafkaOptions> = {}): Transport {
    return this.server(options);
  }

  groupOf(name: string): string {
    return `${this.prefix}${name}`;
  }

  stop(): Promise<void> {
    return this.#kafka.stop();
  }

  restart(): Promise<void> {
    return this.#kafka.start();
  }

  async crash(transport: Transport): Promise<void> {
    this.#lines.get(transport)?.cut();
  }

  async deadLetters(): Promise<DeadLetterSeen[]> {
    await using letters = kafkaDeadLetters({ brokers: this.#kafka.brokers, prefix: this.prefix });
    return await Array.fromAsync(letters.list());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #create(options: Partial<KafkaOptions>): Transport {
    const line = new Line();
    const transport = kafka({
      // Long enough for a machine that is busy, and short enough for tests that kill.
      sessionTimeout: 2000,
      heartbeatInterval: 200,
      discoverInterval: 200,
      topics: { partitions: 4 },
      ...this.#options,
      ...options,
      brokers: this.#kafka.brokers,
      prefix: this.prefix,
      kafkajs: { socketFactory: line.factory },
    });
    this.#lines.set(transport, line);
    return transport;
  }
}
