import { randomUUID } from 'node:crypto';
import { Child } from '../shared/child.ts';
import { run } from '../shared/run.ts';
import type { RedisProgram } from './redis-program.ts';

const image = 'redis:7';

/**
 * Redis in a container on the host's own network: cluster nodes and sentinels tell clients the addresses at which they
 * find each other. Docker Desktop has that network, too, where its settings allow it.
 *
 * @throws Error where no Docker answers or the image cannot be had.
 */
export async function dockerRedis(): Promise<RedisProgram> {
  await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
  await run('docker', ['image', 'inspect', image]).catch(() => run('docker', ['pull', '-q', image]));
  return {
    origin: `docker's ${image}`,
    launch: (config, folder, flags) => new Container(config, folder, flags),
  };
}

/** The child is `docker run`, which ends when the container does; signals go to the container. */
class Container extends Child {
  readonly #name: string;

  constructor(config: string, folder: string, flags: readonly string[]) {
    const name = `parley-redis-${randomUUID()}`;
    const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
    super(
      'docker',
      ['run', '--rm', '--name', name, '--network', 'host', '--user', user, '--volume', `${folder}:${folder}`].concat([
        '--workdir',
        folder,
        '--entrypoint',
        'redis-server',
        image,
        config,
        ...flags,
      ]),
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
