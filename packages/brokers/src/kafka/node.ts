import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from '../shared/child.ts';
import type { KafkaProgram } from './kafka-program.ts';
import { type Properties, propertiesText } from './properties.ts';
import { clusterId, type NodePlace } from './server-properties.ts';

/** One process of a Kafka, over its restarts. */
export class KafkaNode {
  readonly place: NodePlace;
  readonly #program: KafkaProgram;
  readonly #folder: string;
  readonly #jvmFlags: readonly string[];
  #child: Child | undefined;
  #paused = false;

  /** @param folder for what it writes; its data is in it. */
  constructor(program: KafkaProgram, place: NodePlace, folder: string, jvmFlags: readonly string[]) {
    this.#program = program;
    this.place = place;
    this.#folder = folder;
    this.#jvmFlags = jvmFlags;
  }

  /** Writes what Kafka's own formatting would write, which takes a second of Java. */
  async format(properties: Properties, scram: string | undefined): Promise<void> {
    await mkdir(this.place.data, { recursive: true });
    // `directory.id` is added by the node itself.
    const identity = { version: '1', 'cluster.id': clusterId, 'node.id': String(this.place.id) };
    await writeFile(join(this.place.data, 'meta.properties'), propertiesText(identity));
    await writeFile(this.#configuration, propertiesText(properties));
    await this.#program.bootstrap(this.place.data, scram);
  }

  get running(): boolean {
    return this.#child?.running === true;
  }

  /** Runs and is not paused. */
  get answering(): boolean {
    return this.running && !this.#paused;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get log(): string {
    return this.#child?.log ?? '';
  }

  launch(): void {
    this.#paused = false;
    this.#child = this.#program.launch(this.#configuration, this.#folder, this.#jvmFlags);
  }

  async stop(patience?: number): Promise<void> {
    await this.#child?.stop(patience);
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  pause(): void {
    this.#paused = true;
    this.#child?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#child?.signal('SIGCONT');
  }

  get #configuration(): string {
    return join(this.#folder, 'server.properties');
  }
}
