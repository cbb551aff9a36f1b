import {
  type ContextClass,
  type Delivery,
  type Envelope,
  type Link,
  type Receiver,
  RpcCode,
  RpcException,
} from '@parley/core/transport';
import type { FaultDice } from './fault-plan.ts';
import { FaultyPath } from './faulty-path.ts';

/** A link on which things go wrong, in both directions: core's end of it is the link, the transport's the receiver. */
export class FaultyLink implements Link, Receiver {
  readonly #link: Link;
  readonly #out: FaultyPath;
  readonly #in: FaultyPath;
  #receiver: Receiver | undefined;
  #mending: NodeJS.Timeout | undefined;

  constructor(link: Link, dice: FaultDice) {
    this.#link = link;
    const cut = (milliseconds: number) => this.#cut(milliseconds);
    this.#out = new FaultyPath('send', dice, cut);
    this.#in = new FaultyPath('receive', dice, cut);
  }

  /** What core gave for this link. */
  connect(receiver: Receiver): this {
    this.#receiver = receiver;
    return this;
  }

  get shared(): boolean {
    return this.#link.shared;
  }

  get maxBody(): number {
    return this.#link.maxBody;
  }

  get Context(): ContextClass {
    return this.#link.Context as ContextClass;
  }

  send(envelope: Envelope): Promise<void> | undefined {
    if (this.#mending !== undefined) {
      if (envelope.kind === 'request' || envelope.kind === 'event') return Promise.reject(outage());
      return undefined;
    }
    const result = this.#out.take(envelope, () => {
      const sent = this.#link.send(envelope);
      // Core sees only what was sent at once.
      sent?.catch(() => undefined);
      return sent;
    });
    return result;
  }

  receive(envelope: Envelope, delivery?: Delivery): void {
    // In an outage a broker keeps what is to be settled, and all else is lost. This one cannot give a delivery back.
    if (this.#mending !== undefined && delivery === undefined) return;
    this.#in.take(envelope, (copy) => this.#receiver?.receive(envelope, copy === 'first' ? delivery : again(delivery)));
  }

  room(): number {
    return this.#receiver?.room() ?? 0;
  }

  whenRoom(): Promise<void> {
    return this.#receiver?.whenRoom() ?? Promise.resolve();
  }

  drain(): void {
    this.#receiver?.drain();
  }

  lost(reason: unknown): void {
    this.#receiver?.lost(reason);
  }

  restored(): void {
    this.#receiver?.restored();
  }

  detach(reason: unknown): void {
    clearTimeout(this.#mending);
    this.#out.close();
    this.#in.close();
    this.#receiver?.detach(reason);
  }

  #cut(milliseconds: number): void {
    if (this.#mending !== undefined) return;
    this.#mending = setTimeout(() => {
      this.#mending = undefined;
      this.#receiver?.restored();
    }, milliseconds);
    this.#receiver?.lost(outage());
  }
}

/** A second delivery of one message is settled on its own, as a broker's would be. */
function again(delivery: Delivery | undefined): Delivery | undefined {
  if (delivery === undefined) return undefined;
  const attempt = delivery.attempt === undefined ? undefined : delivery.attempt + 1;
  const yes = () => Promise.resolve(true);
  return {
    attempt,
    lane: delivery.lane,
    done: () => undefined,
    doneFirst: yes,
    isOurs: yes,
    dead: () => Promise.resolve(),
  };
}

function outage(): RpcException {
  return new RpcException('The link was cut, as planned', { code: RpcCode.Unavailable });
}
