import type { Connection } from './connection.ts';
import { Cork } from './cork.ts';
import { type Called, LightCommand } from './light-command.ts';
import type { Outlet } from './outlet.ts';

/** PUBLISH over one connection. */
export class ServerOutlet implements Outlet {
  readonly #connection: Connection;
  readonly #cork = new Cork();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#connection.canWrite;
  }

  publish(channel: string, message: string | Buffer, called: Called): void {
    const { redis } = this.#connection;
    this.#cork.put(redis);
    void redis.sendCommand(new LightCommand('publish', [channel, message], called));
  }
}
