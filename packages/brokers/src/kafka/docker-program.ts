import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from '../shared/child.ts';
import { Container, pullImage, runContainer } from '../shared/container.ts';
import { bootstrapFile, type KafkaProgram } from './kafka-program.ts';
import { propertiesText } from './properties.ts';
import { clusterId, formatProperties } from './server-properties.ts';

const image = 'apache/kafka:4.3.1';
const bin = '/opt/kafka/bin';

/**
 * Kafka in containers on the host's own network, where the nodes find each other and clients find them at one address.
 * Docker Desktop has that network, too, where its settings allow it.
 */
export class DockerProgram implements KafkaProgram {
  readonly origin = `docker's ${image}`;

  /** @throws Error where no Docker answers or the image cannot be had. */
  static async find(): Promise<DockerProgram> {
    await pullImage(image);
    return new DockerProgram();
  }

  async bootstrap(folder: string, scram?: string): Promise<void> {
    const scratch = join(folder, '..', 'format');
    await mkdir(scratch);
    const file = join(scratch, 'server.properties');
    await writeFile(file, propertiesText(formatProperties(join(scratch, 'data'))));
    const user = scram === undefined ? [] : ['--add-scram', scram];
    const command = [`${bin}/kafka-storage.sh`, 'format', '-t', clusterId, '-c', file, ...user];
    await runContainer({ image, folder: scratch, command, env: { LOG_DIR: scratch } });
    await copyFile(join(scratch, 'data', bootstrapFile), join(folder, bootstrapFile));
    await rm(scratch, { recursive: true });
  }

  launch(properties: string, folder: string, jvmFlags: readonly string[]): Child {
    const env = {
      KAFKA_HEAP_OPTS: '-Xmx256m',
      KAFKA_OPTS: jvmFlags.join(' '),
      // Its scripts write a log of the garbage collector there.
      LOG_DIR: join(folder, 'logs'),
    };
    return new Container({ image, folder, command: [`${bin}/kafka-server-start.sh`, properties], env });
  }
}
