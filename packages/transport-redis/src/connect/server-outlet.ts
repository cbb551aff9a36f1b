import type { Redis } from 'ioredis';
import type { Connection } from './connection.ts';
import { PublishCommand } from './publish-command.ts';
import type { Confirmed, Outlet } from './publisher.ts';

/**
 * PUBLISH over one connection. The commands of one tick leave in one write: ioredis writes each by itself, and its
 * autopipelining sends the next batch only when the one before is answered.
 */
export class ServerOutlet implements Outlet {
  readonly #connection: Connection;
  #corked: Redis['stream'] | undefined;
  readonly #uncork = (): void => {
    const stream = this.#corked;
    this.#corked = undefined;
    stream?.uncork();
  };

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#connection.canWrite;
  }

  publish(channel: string, message: string | Buffer, confirmed: Confirmed): void {
    const { redis } = this.#connection;
    if (this.#corked === undefined) this.#cork(redis.stream);
    void redis.sendCommand(new PublishCommand(channel, message, confirmed));
  }

  #cork(stream: Redis['stream']): void {
    this.#corked = stream;
    stream.cork();
    process.nextTick(this.#uncork);
  }
}
