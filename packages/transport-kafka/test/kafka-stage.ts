import { type KafkaOptions as BrokerOptions, type KafkaBroker, startKafka } from '@parley/brokers/kafka';
import {
  type ClientProxy,
  createClient,
  createMicroservices,
  type Host,
  type Logger,
  provideMicroservices,
} from '@parley/core';
import type { Transport } from '@parley/core/transport';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type KafkaDeadLetters, type KafkaOptions, kafka, kafkaDeadLetters } from '../src/index.ts';

/** A line of a service's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly detail: unknown;
}

/** A broker for the tests of a file, and what each of them puts up on it, under a prefix of its own. */
export class KafkaStage {
  readonly #options: BrokerOptions;
  readonly #up: (() => Promise<void>)[] = [];
  #broker: KafkaBroker | undefined;
  #test = 0;
  log: LogLine[] = [];

  private constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** To be called at the top of a test file. */
  static use(options: BrokerOptions = {}): KafkaStage {
    const stage = new KafkaStage({
      ...options,
      properties: { 'group.min.session.timeout.ms': '300', ...options.properties },
    });
    beforeAll(async () => {
      stage.#broker = await startKafka(stage.#options);
    });
    afterEach(() => stage.clear());
    afterAll(() => stage.broker.close());
    return stage;
  }

  get broker(): KafkaBroker {
    if (this.#broker === undefined) throw new Error('the broker has not started');
    return this.#broker;
  }

  get prefix(): string {
    return `t${this.#test}-`;
  }

  /**
   * Of one group and this test's prefix, with few partitions and short intervals. The session is longer than a busy machine lets
   * a process or a broker stand still: whose session is over has legally handled what others handle again.
   */
  options(options: Partial<KafkaOptions> = {}): KafkaOptions {
    return {
      brokers: this.broker.brokers,
      prefix: this.prefix,
      discoverInterval: 100,
      sessionTimeout: 6000,
      heartbeatInterval: 200,
      topics: { partitions: 3 },
      ...options,
      ...(options.group === undefined ? {} : { group: this.prefix + options.group }),
    };
  }

  /** Starts a service with the handlers that `define` gives it. */
  async service(define: (host: Host) => unknown, options: Partial<KafkaOptions> = {}): Promise<Host> {
    return this.host(kafka(this.options({ group: 'service', ...options })), define);
  }

  /** @param startTimeout milliseconds; by default a machine that is busy may take its time. */
  async host(options: Transport, define: (host: Host) => unknown, startTimeout = 20_000): Promise<Host> {
    const host = createMicroservices({
      providers: [provideMicroservices([{ token: 'bus', options, client: false }])],
      logger: this.#logger(),
      startTimeout,
    });
    define(host);
    this.#up.push(() => host.close({ timeout: 2000 }));
    await host.start();
    return host;
  }

  client(options: Partial<KafkaOptions> = {}): ClientProxy {
    const client = createClient(kafka(this.options(options)), { logger: this.#logger() });
    this.#up.push(() => client.close({ timeout: 2000 }));
    return client;
  }

  deadLetters(options: Partial<KafkaOptions> = {}): KafkaDeadLetters {
    const letters = kafkaDeadLetters(this.options(options));
    this.#up.push(() => letters.close());
    return letters;
  }

  async until(condition: () => boolean | Promise<boolean>, what: string, patience = 20_000): Promise<void> {
    const end = performance.now() + patience;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`Waited ${patience} ms in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async clear(): Promise<void> {
    for (const close of this.#up.splice(0).reverse()) await close();
    this.#test += 1;
    this.log = [];
  }

  #logger(): Logger {
    const write = (level: string) => (message: string, detail?: unknown) =>
      void this.log.push({ level, message, detail });
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }
}
