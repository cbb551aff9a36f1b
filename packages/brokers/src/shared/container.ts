import { randomUUID } from 'node:crypto';
import { Child } from './child.ts';
import { run } from './run.ts';

/** How a container is run: on the host's own network, with one folder of the host, as the user that we are. */
export interface ContainerOptions {
  readonly image: string;
  readonly command: readonly string[];
  /** At the same place inside; the only one that is written to, and where the command starts. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Sees to it that an image is there. @throws Error where no Docker answers or the image cannot be had. */
export async function pullImage(image: string): Promise<void> {
  await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
  await run('docker', ['image', 'inspect', image]).catch(() => run('docker', ['pull', '-q', image]));
}

/** Runs a command in a container to its end. @throws Error with its stderr. */
export async function runContainer(options: ContainerOptions): Promise<void> {
  await run('docker', ['run', '--rm', ...argumentsOf(options)]);
}

/** The child is `docker run`, which ends when the container does; signals go to the container. */
export class Container extends Child {
  readonly #name: string;

  constructor(options: ContainerOptions) {
    const name = `parley-${randomUUID()}`;
    super('docker', ['run', '--rm', '--name', name, ...argumentsOf(options)], {
      undo: `docker rm -f ${name} >/dev/null 2>&1`,
    });
    this.#name = name;
  }

  override signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    // It fails where the container is just going: `exited` then resolves all the same.
    run('docker', ['kill', '--signal', signal, this.#name]).catch(() => {});
  }

  /** As soon as Docker gets to it. */
  override pause(): void {
    this.signal('SIGSTOP');
  }
}

function argumentsOf({ image, command, folder, env = {} }: ContainerOptions): string[] {
  const [entrypoint = '', ...args] = command;
  return [
    ...['--network', 'host', '--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    ...['--volume', `${folder}:${folder}`, '--workdir', folder],
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...['--entrypoint', entrypoint, image, ...args],
  ];
}
