import {
  BaseClient,
  BaseTransporter,
  type Class,
  type Hub,
  type Link,
  type Receiver,
  type Transport,
} from '@parley/core/transport';
import { FaultDice, type FaultPlan, type HappenedFault } from './fault-plan.ts';
import { FaultyLink } from './faulty-link.ts';

/** A transport with faults, and what has gone wrong so far. */
export interface FaultyTransport extends Transport {
  readonly happened: readonly HappenedFault[];
}

/**
 * The same transport, but on its links envelopes are lost, doubled, reordered, delayed, and links are cut, as `plan`
 * says. The same plan over the same traffic does the same.
 *
 * ```ts
 * const orders = createClient(faulty(memory({ broker }), { rules: [{ fault: 'lose', at: 'receive', kinds: ['reply'], times: 1 }] }));
 * await expect(orders.send('orders.get', 1, { timeout: 100 })).rejects.toBeInstanceOf(TimeoutError);
 * ```
 *
 * A connection (TCP) promises its core that nothing on it is lost, doubled or reordered: there only `delay` (of all)
 * and `cut` are faults that can happen in life.
 */
export function faulty(transport: Transport, plan: FaultPlan): FaultyTransport {
  const dice = new FaultDice(plan);
  return {
    transport: transport.transport,
    endpoint: transport.endpoint,
    happened: dice.happened,
    createTransporter: () => new FaultyTransporter(transport.createTransporter(), dice),
    createClient: () => new FaultyClient(transport.createClient(), dice),
  };
}

class FaultyTransporter extends BaseTransporter {
  readonly #inner: BaseTransporter;
  readonly #dice: FaultDice;

  constructor(inner: BaseTransporter, dice: FaultDice) {
    super();
    this.#inner = inner;
    this.#dice = dice;
  }

  listen(hub: Hub): Promise<void> {
    return this.#inner.listen(faultyHub(hub, this.#dice));
  }

  override get address(): string | undefined {
    return this.#inner.address;
  }

  pause(): Promise<void> {
    return this.#inner.pause();
  }

  close(timeout: number): Promise<void> {
    return this.#inner.close(timeout);
  }

  unwrap<T>(type: Class<T>): T {
    return this.#inner.unwrap(type);
  }
}

class FaultyClient extends BaseClient {
  readonly #inner: BaseClient;
  readonly #dice: FaultDice;

  constructor(inner: BaseClient, dice: FaultDice) {
    super();
    this.#inner = inner;
    this.#dice = dice;
  }

  connect(hub: Hub): Promise<void> {
    return this.#inner.connect(faultyHub(hub, this.#dice));
  }

  close(timeout: number): Promise<void> {
    return this.#inner.close(timeout);
  }

  unwrap<T>(type: Class<T>): T {
    return this.#inner.unwrap(type);
  }
}

/** Core gets a faulty link in place of the transport's, and the transport a faulty receiver in place of core's. */
function faultyHub(hub: Hub, dice: FaultDice): Hub {
  return {
    routes: hub.routes,
    attach(link: Link): Receiver {
      const faultyLink = new FaultyLink(link, dice);
      return faultyLink.connect(hub.attach(faultyLink));
    },
    unreachable: (reason) => hub.unreachable(reason),
    warn: (what, detail) => hub.warn(what, detail),
  };
}
