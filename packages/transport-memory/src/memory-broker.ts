import { type Hub, RpcCode, RpcException } from '@parley/core/transport';
import type { DeadLetter } from './dead-letters.ts';
import { Exchange } from './exchange.ts';
import { type Identity, MemoryLink } from './memory-link.ts';

/**
 * A message broker in the process: make one, and give it to `memory({ broker })` of all who are to reach each other.
 * It keeps events until they are settled, and redelivers what an instance left behind, but nothing outlives the
 * process. Tests can cut it off, crash its instances, and read its dead letters.
 */
export class MemoryBroker {
  readonly #exchange = new Exchange();
  readonly #links = new Map<string, { readonly link: MemoryLink; readonly alias: string }>();
  #opened = 0;
  #outage: PromiseWithResolvers<void> | undefined;

  /** The names of the instances that are there, servers and clients, in the order in which they came. */
  get instances(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** What failed for good, oldest first. Nothing is thrown away: {@link redrive} takes letters out. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#exchange.deadLetters.all;
  }

  /**
   * Delivers dead letters to their group again, as if for the first time.
   *
   * @param letters default: all.
   * @returns how many there were.
   */
  redrive(letters: readonly DeadLetter[] = this.deadLetters): number {
    return this.#exchange.deadLetters.redrive(letters);
  }

  /**
   * Begins an outage. Calls under way end with 502, new ones with 503; answers wait for its end.
   *
   * @param name an instance, or the option `name` of several. Default: everyone, and nobody can connect.
   */
  disconnect(name?: string): void {
    if (name === undefined) this.#outage ??= Promise.withResolvers();
    for (const link of this.#named(name)) link.cut(brokerDown());
  }

  /** Ends an outage, of all or of those named. */
  restore(name?: string): void {
    if (name === undefined) {
      this.#outage?.resolve();
      this.#outage = undefined;
    }
    for (const link of this.#named(name)) link.mend();
  }

  /**
   * An instance is gone from one moment to the next, as if its process were killed: it says goodbye to nobody, and
   * its unsettled deliveries go to others of its group, or wait for one.
   *
   * @param name an instance, or the option `name` of several.
   */
  crash(name: string): void {
    for (const link of this.#named(name)) this.close(link, new Error(`${link.name} crashed`));
  }

  /** For the transport: resolves when there is no outage. */
  whenUp(): Promise<void> {
    return this.#outage?.promise ?? Promise.resolve();
  }

  /**
   * For the transport: a new instance, called `name` and a number.
   *
   * @throws RpcException 503 during an outage.
   */
  open(hub: Hub, { name, group }: Identity, maxBody: number): MemoryLink {
    if (this.#outage !== undefined) throw brokerDown();
    this.#opened += 1;
    const link = new MemoryLink(this.#exchange, hub, { name: `${name}-${this.#opened}`, group }, maxBody);
    this.#links.set(link.name, { link, alias: name });
    return link;
  }

  /** For the transport: the instance leaves. */
  close(link: MemoryLink, reason: unknown): void {
    this.#links.delete(link.name);
    link.close(reason);
  }

  #named(name: string | undefined): MemoryLink[] {
    const links = [...this.#links.values()];
    return links
      .filter(({ link, alias }) => name === undefined || name === link.name || name === alias)
      .map(({ link }) => link);
  }
}

function brokerDown(): RpcException {
  return new RpcException('The memory broker is disconnected', { code: RpcCode.Unavailable });
}
