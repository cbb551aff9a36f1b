import { connect } from 'node:net';
import type { KafkaBroker } from './kafka-broker.ts';
import type { KafkaOptions } from './kafka-options.ts';

/** The Kafka that KAFKA_BROKERS names: somebody else's, used as it is. */
export class ExternalKafka implements KafkaBroker {
  readonly brokers: readonly string[];
  readonly tls = undefined;
  readonly pids = [];
  readonly logs = [];

  /**
   * Resolves when one of its brokers accepts connections.
   *
   * @throws Error if none does, or if it is asked to be what only one of our own can be.
   */
  static async start(list: string, options: KafkaOptions): Promise<ExternalKafka> {
    for (const [name, value] of Object.entries(options)) {
      if (value !== undefined && value !== false) throw notOurs(`started with \`${name}\``);
    }
    const kafka = new ExternalKafka(list);
    try {
      await Promise.any(kafka.brokers.map(accepts));
    } catch (error) {
      throw new Error(`no broker of KAFKA_BROKERS (${list}) accepts connections`, { cause: error });
    }
    return kafka;
  }

  private constructor(list: string) {
    this.brokers = list.split(',').map((broker) => broker.trim());
  }

  async stop(): Promise<void> {
    throw notOurs('stopped');
  }

  async kill(): Promise<void> {
    throw notOurs('killed');
  }

  async start(): Promise<void> {
    throw notOurs('started');
  }

  async restart(): Promise<void> {
    throw notOurs('restarted');
  }

  pause(): void {
    throw notOurs('paused');
  }

  resume(): void {
    throw notOurs('resumed');
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

function accepts(broker: string): Promise<void> {
  const { hostname, port } = new URL(`kafka://${broker}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 9092 : port) });
    socket.setTimeout(5_000, () => socket.destroy(new Error(`${broker} did not answer within 5 s`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function notOurs(what: string): Error {
  return new Error(
    `the Kafka of KAFKA_BROKERS cannot be ${what}: it is not ours. Unset KAFKA_BROKERS for tests that need one of their own.`,
  );
}
