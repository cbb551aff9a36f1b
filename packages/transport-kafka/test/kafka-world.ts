import { connect, type Socket } from 'node:net';
import type { KafkaBroker } from '@parley/brokers/kafka';
import type { Transport } from '@parley/core/transport';
import type { DeadLetterSeen, World, WorldOptions } from '@parley/testing/conformance';
import { type KafkaOptions, kafka, kafkaDeadLetters } from '../src/index.ts';

type SocketFactory = NonNullable<NonNullable<KafkaOptions['kafkajs']>['socketFactory']>;

/** The way of one instance to the brokers: it can be cut. */
class Line {
  readonly #sockets = new Set<Socket>();
  /** Why there is no way. */
  #cut: string | undefined;

  readonly factory: SocketFactory = ({ host, port, onConnect }) => {
    if (this.#cut !== undefined) throw new Error(this.#cut);
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };

  cut(why: string): void {
    this.#cut = why;
    for (const socket of this.#sockets) socket.destroy(new Error(why));
  }

  mend(): void {
    this.#cut = undefined;
  }
}

let worlds = 0;

/** A prefix of its own on a broker that it shares with others. */
export class KafkaWorld implements World {
  readonly prefix: string;
  readonly #kafka: KafkaBroker;
  readonly #lines = new Map<Transport, Line>();
  readonly #crashed = new Set<Line>();
  #isStopped = false;
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

  /**
   * Cuts the lines of this world, as when the broker is away. That the broker itself may go and come is tested elsewhere
   * (outage.test.ts, test/chaos): its start takes many seconds on a machine that is busy.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const line of this.#lines.values()) line.cut('the broker is away');
  }

  async restart(): Promise<void> {
    this.#isStopped = false;
    for (const line of this.#lines.values()) if (!this.#crashed.has(line)) line.mend();
  }

  /** For the others it is as if its process were killed. */
  async crash(transport: Transport): Promise<void> {
    const line = this.#lines.get(transport);
    if (line === undefined) return;
    this.#crashed.add(line);
    line.cut('this instance has crashed');
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
    if (this.#isStopped) line.cut('the broker is away');
    const transport = kafka({
      // Longer than a busy machine lets a process or a broker stand still, and short enough for tests that kill.
      sessionTimeout: 4000,
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
