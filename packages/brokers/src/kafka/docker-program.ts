import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../shared/child.ts';
import { run } from '../shared/run.ts';
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
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
    await run('docker', ['image', 'inspect', image]).catch(() => run('docker', ['pull', '-q', image]));
    return new DockerProgram();
  }

  async bootstrap(folder: string, scram?: string): Promise<void> {
    const scratch = join(folder, '..', 'format');
    await mkdir(scratch);
    const file = join(scratch, 'server.properties');
    await writeFile(file, propertiesText(formatProperties(join(scratch, 'data'))));
    const user = scram === undefined ? [] : ['--add-scram', scram];
    const script = [`${bin}/kafka-storage.sh`, 'format', '-t', clusterId, '-c', file, ...user];
    await run('docker', ['run', '--rm', ...commonFlags(scratch), ...entry(script)]);
    await copyFile(join(scratch, 'data', bootstrapFile), join(folder, bootstrapFile));
    await rm(scratch, { recursive: true });
  }

  launch(properties: string, folder: string, jvmFlags: readonly string[]): Child {
    return new Container(properties, folder, jvmFlags);
  }
}

/** The child is `docker run`, which ends when the container does; signals go to the container. */
class Container extends Child {
  readonly #name: string;

  constructor(properties: string, folder: string, jvmFlags: readonly string[]) {
    const name = `parley-kafka-${randomUUID()}`;
    const options = ['--env', 'KAFKA_HEAP_OPTS=-Xmx256m', '--env', `KAFKA_OPTS=${jvmFlags.join(' ')}`];
    super(
      'docker',
      ['run', '--rm', '--name', name, ...options, ...commonFlags(folder)].concat(
        entry([`${bin}/kafka-server-start.sh`, properties]),
      ),
      { undo: `docker rm -f ${name} >/dev/null 2>&1` },
    );
    this.#name = name;
  }

  override signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    // It fails where the container is just going: `exited` then resolves all the same.
    run('docker', ['kill', '--signal', signal, this.#name]).catch(() => {});
  }
}

/** The folder is at the same place inside, and what is written there is ours. */
function commonFlags(folder: string): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const logs = ['--env', `LOG_DIR=${join(folder, 'logs')}`];
  return ['--network', 'host', '--user', user, '--volume', `${folder}:${folder}`, '--workdir', folder, ...logs];
}

function entry([command = '', ...args]: readonly string[]): string[] {
  return ['--entrypoint', command, image, ...args];
}
