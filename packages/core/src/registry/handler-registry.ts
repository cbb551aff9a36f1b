import { RpcCode, RpcException } from '../errors/index.ts';
import type { HandlerRecord } from './handler-record.ts';
import { HandlerTable } from './handler-table.ts';

/** All handlers of one host. */
export class HandlerRegistry {
  readonly #records: HandlerRecord[] = [];
  /** Message handlers by key: those that may collide. */
  readonly #messages = new Map<string, HandlerRecord[]>();

  get size(): number {
    return this.#records.length;
  }

  /**
   * Returns its undo.
   *
   * @throws RpcException 409 when the pattern has a message handler already on a transport that this one is for, too.
   */
  add(record: HandlerRecord): () => void {
    const rivals = record.kind === 'message' ? (this.#messages.get(record.key) ?? []) : [];
    const twin = rivals.find((other) => collide(record, other));
    if (twin !== undefined) {
      const where = record.transport ?? twin.transport;
      throw new RpcException(
        `The message ${JSON.stringify(record.key)} has two handlers${where === undefined ? '' : ` on ${where}`}, ${twin.name} and ${record.name}: only one can answer`,
        { code: RpcCode.Conflict },
      );
    }
    this.#records.push(record);
    if (record.kind === 'message') this.#messages.set(record.key, [...rivals, record]);
    let isThere = true;
    return () => {
      if (!isThere) return;
      isThere = false;
      removeFrom(this.#records, record);
      removeFrom(this.#messages.get(record.key) ?? [], record);
    };
  }

  /** What is served on one transport, each handler as `prepare` makes it. Later changes do not show. */
  forTransport(transport: string): HandlerTable;
  forTransport<Handler extends HandlerRecord>(
    transport: string,
    prepare: (record: HandlerRecord) => Handler,
  ): HandlerTable<Handler>;
  forTransport(transport: string, prepare = (record: HandlerRecord) => record): HandlerTable {
    const served = this.#records.filter((record) => record.transport === undefined || record.transport === transport);
    return new HandlerTable(served.map(prepare));
  }

  /** The transports that handlers are limited to, with the handlers' names. */
  limitedTo(): ReadonlyMap<string, readonly string[]> {
    const names = new Map<string, string[]>();
    for (const { transport, name } of this.#records) {
      if (transport === undefined) continue;
      const known = names.get(transport);
      if (known === undefined) names.set(transport, [name]);
      else known.push(name);
    }
    return names;
  }
}

function collide(a: HandlerRecord, b: HandlerRecord): boolean {
  return a.transport === undefined || b.transport === undefined || a.transport === b.transport;
}

function removeFrom(records: HandlerRecord[], record: HandlerRecord): void {
  const index = records.indexOf(record);
  if (index >= 0) records.splice(index, 1);
}
