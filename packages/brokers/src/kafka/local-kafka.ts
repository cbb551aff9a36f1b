import { join } from 'node:path';
import { type Certificate, makeCertificate } from '../shared/certificate.ts';
import { type DataFolder, dataFolder } from '../shared/data-folder.ts';
import { freePorts } from '../shared/free-port.ts';
import { until } from '../shared/until.ts';
import type { KafkaBroker } from './kafka-broker.ts';
import type { KafkaOptions } from './kafka-options.ts';
import type { KafkaProgram } from './kafka-program.ts';
import { KafkaNode } from './node.ts';
import { askForNodes } from './probe.ts';
import { type NodePlace, serverProperties } from './server-properties.ts';

/** How often ports are tried that somebody took between our finding and using them. */
const attempts = 3;

/** The nodes of a Kafka that is ours, on 127.0.0.1. */
export class LocalKafka implements KafkaBroker {
  readonly brokers: readonly string[];
  readonly tls: { readonly ca: string } | undefined;
  readonly #program: KafkaProgram;
  readonly #nodes: readonly KafkaNode[];
  readonly #folder: DataFolder;
  #closed = false;

  /** @throws Error with its log if it does not start. */
  static async start(program: KafkaProgram, options: KafkaOptions): Promise<LocalKafka> {
    checkOptions(options);
    const certificate = options.tls === true ? await makeCertificate() : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const kafka = await LocalKafka.#prepare(program, options, certificate);
      try {
        await kafka.start();
        return kafka;
      } catch (error) {
        await kafka.close();
        if (attempt === attempts || !kafka.logs.some((log) => log.includes('Address already in use'))) throw error;
      }
    }
  }

  static async #prepare(
    program: KafkaProgram,
    options: KafkaOptions,
    certificate: Certificate | undefined,
  ): Promise<LocalKafka> {
    const folder = await dataFolder('kafka');
    const places = await choosePlaces(folder.path, options);
    const nodes = await Promise.all(
      places.map(async (place) => {
        const node = new KafkaNode(program, place, join(place.data, '..'), options.jvmFlags ?? []);
        await node.format(serverProperties(place, places, options, certificate), scramUser(options));
        return node;
      }),
    );
    return new LocalKafka(program, nodes, folder, certificate);
  }

  private constructor(
    program: KafkaProgram,
    nodes: readonly KafkaNode[],
    folder: DataFolder,
    certificate: Certificate | undefined,
  ) {
    this.#program = program;
    this.#nodes = nodes;
    this.#folder = folder;
    this.brokers = nodes.map(({ place }) => `127.0.0.1:${place.clients}`);
    this.tls = certificate === undefined ? undefined : { ca: certificate.ca };
  }

  get pids(): readonly number[] {
    return this.#nodes.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  get logs(): readonly string[] {
    return this.#nodes.map(({ log }) => log);
  }

  /** @param patience milliseconds until it is killed. Default: 10 000. */
  async stop(node?: number, patience?: number): Promise<void> {
    await Promise.all(this.#chosen(node).map((each) => each.stop(patience)));
  }

  async kill(node?: number): Promise<void> {
    await Promise.all(this.#chosen(node).map((each) => each.kill()));
  }

  async start(node?: number): Promise<void> {
    if (this.#closed) throw new Error('this Kafka is closed');
    const starting = this.#chosen(node).filter(({ running }) => !running);
    if (starting.length === 0) throw new Error('this Kafka runs already');
    for (const each of starting) each.launch();
    if (this.#nodes.filter(({ answering }) => answering).length > this.#nodes.length / 2) await this.#settled(starting);
  }

  async restart(node?: number): Promise<void> {
    await this.stop(node);
    await this.start(node);
  }

  pause(node?: number): void {
    for (const each of this.#chosen(node)) each.pause();
  }

  resume(node?: number): void {
    for (const each of this.#chosen(node)) each.resume();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.kill();
    await this.#folder.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #chosen(node: number | undefined): readonly KafkaNode[] {
    if (node === undefined) return this.#nodes;
    const chosen = this.#nodes[node];
    if (chosen === undefined) throw new Error(`there is no node ${node}: they are 0 to ${this.#nodes.length - 1}`);
    return [chosen];
  }

  /** Every node that answers knows those that do, and each of those that were started still runs. */
  async #settled(starting: readonly KafkaNode[]): Promise<void> {
    const failed = (): KafkaNode | undefined => starting.find(({ running }) => !running);
    let cause: unknown;
    try {
      await until('Kafka', async () => failed() !== undefined || (await this.#agreed()), { timeout: 60_000 });
    } catch (error) {
      cause = error;
    }
    const node = failed() ?? (cause === undefined ? undefined : starting[0]);
    if (node === undefined) return;
    const how = node.running ? 'is not ready after 60 s' : 'has ended';
    throw new Error(`node ${node.place.id} of ${this.#program.origin} ${how}:\n${node.log}`, { cause });
  }

  async #agreed(): Promise<boolean> {
    const answering = this.#nodes.filter((node) => node.answering);
    const ids = answering.map(({ place }) => place.id).join();
    const answers = await Promise.all(answering.map(({ place }) => askForNodes(place.internal)));
    return answers.every((answer) => answer.join() === ids);
  }
}

/** Two ports for each node; one more where clients must show who they are, for ourselves and the other nodes. */
async function choosePlaces(folder: string, { nodes = 1, sasl, tls }: KafkaOptions): Promise<readonly NodePlace[]> {
  const isOpen = sasl === undefined && tls !== true;
  const ports = await freePorts(nodes * 3);
  return Array.from({ length: nodes }, (_, id) => {
    const [clients = 0, controller = 0, third = 0] = ports.slice(id * 3);
    return { id, clients, controller, internal: isOpen ? clients : third, data: join(folder, String(id), 'data') };
  });
}

/** What would need quoting in a way of its own in each of Kafka's configuration languages. */
function checkOptions({ sasl }: KafkaOptions): void {
  for (const [name, value] of Object.entries(sasl ?? {})) {
    if (!/^[\w.~-]+$/.test(value)) throw new Error(`sasl.${name} must be of letters, digits, -, _, . and ~`);
  }
}

function scramUser({ sasl }: KafkaOptions): string | undefined {
  if (sasl === undefined || sasl.mechanism === 'plain') return undefined;
  return `${sasl.mechanism.toUpperCase()}=[name="${sasl.username}",password="${sasl.password}"]`;
}
