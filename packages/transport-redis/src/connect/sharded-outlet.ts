import type { ClusterConnection } from './cluster-connection.ts';
import type { Called } from './light-command.ts';
import type { Outlet } from './outlet.ts';

/** SPUBLISH: each message to the node that has the channel's slot, and to no other. */
export class ShardedOutlet implements Outlet {
  readonly #connection: ClusterConnection;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#connection.isUp;
  }

  publish(channel: string, message: string | Buffer, called: Called): void {
    void this.#connection.cluster.spublish(channel, message, (error, receivers) => called(error, receivers));
  }
}
