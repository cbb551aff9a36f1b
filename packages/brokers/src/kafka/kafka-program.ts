import type { Child } from '../shared/child.ts';

/** A Kafka that can be run here. */
export interface KafkaProgram {
  /** Where it is from, for errors. */
  readonly origin: string;
  /**
   * Writes into a folder the `bootstrap.checkpoint` that a node's metadata log begins with: what `kafka-storage format`
   * makes. @param scram what `--add-scram` takes.
   */
  bootstrap(folder: string, scram?: string): Promise<void>;
  /** Runs a node. It writes only into `folder`. */
  launch(properties: string, folder: string, jvmFlags: readonly string[]): Child;
}

/** The file that {@link KafkaProgram.bootstrap} makes. */
export const bootstrapFile = 'bootstrap.checkpoint';
