import {
  type Envelope,
  type Hub,
  type Link,
  parseReturnAddress,
  type Receiver,
  RpcCode,
  RpcException,
  returnAddress,
} from '@parley/core/transport';
import { copyEnvelope } from './copy-envelope.ts';
import type { Exchange } from './exchange.ts';
import { Inbox } from './inbox.ts';
import { MemoryContext } from './memory-context.ts';

/** Who an instance is in the broker. */
export interface Identity {
  /** Unique in the broker. */
  readonly name: string;
  readonly group: string;
}

type State =
  | { readonly is: 'up' }
  | { readonly is: 'down'; readonly end: PromiseWithResolvers<void> }
  | { readonly is: 'gone' };

/** One instance's way to the broker and back. */
export class MemoryLink implements Link {
  readonly shared = false;
  readonly maxBody: number;
  readonly Context = MemoryContext;
  readonly name: string;
  readonly #exchange: Exchange;
  readonly #receiver: Receiver;
  readonly #inbox: Inbox;
  #state: State = { is: 'up' };
  /** Answers and controls that wait for the end of an outage. */
  readonly #outbox: Envelope[] = [];

  constructor(exchange: Exchange, hub: Hub, { name, group }: Identity, maxBody: number) {
    this.name = name;
    this.maxBody = maxBody;
    this.#exchange = exchange;
    this.#receiver = hub.attach(this);
    this.#inbox = new Inbox(name, this.#receiver);
    exchange.add(this.#inbox, group, hub.routes);
  }

  send(envelope: Envelope): Promise<void> | undefined {
    if (this.#state.is === 'up') return this.#post(copyEnvelope(envelope));
    if (envelope.kind === 'request' || envelope.kind === 'event') {
      return unavailable(`"${envelope.pattern}" was not sent: ${this.name} is disconnected from the memory broker`);
    }
    if (this.#state.is === 'gone') return undefined;
    this.#outbox.push(copyEnvelope(envelope));
    return this.#state.end.promise;
  }

  /** Takes nothing new; resolves when all that was underway is with core. */
  pause(): Promise<void> {
    this.#exchange.pause(this.#inbox);
    return this.#inbox.emptied();
  }

  /** An outage begins. */
  cut(reason: RpcException): void {
    if (this.#state.is !== 'up') return;
    this.#state = { is: 'down', end: Promise.withResolvers() };
    this.#inbox.close();
    this.#receiver.lost(reason);
  }

  /** The outage is over. */
  mend(): void {
    if (this.#state.is !== 'down') return;
    const { end } = this.#state;
    this.#state = { is: 'up' };
    for (const envelope of this.#outbox.splice(0)) void this.#post(envelope);
    this.#inbox.reopen();
    this.#receiver.restored();
    end.resolve();
  }

  /** For good. What is not settled goes to the others of the group. */
  close(reason: unknown): void {
    if (this.#state.is === 'gone') return;
    if (this.#state.is === 'down') this.#state.end.resolve();
    this.#state = { is: 'gone' };
    this.#exchange.remove(this.#inbox);
    this.#receiver.detach(reason);
  }

  #post(envelope: Envelope): Promise<void> | undefined {
    switch (envelope.kind) {
      case 'request':
        if (this.#exchange.request({ ...envelope, id: returnAddress(this.name, envelope.id) })) return undefined;
        return unavailable(`Nobody serves "${envelope.pattern}"`);
      case 'event':
        this.#exchange.publish(envelope);
        return undefined;
      case 'cancel':
      case 'credit':
        this.#exchange.control({ ...envelope, id: returnAddress(this.name, envelope.id) });
        return undefined;
      default: {
        const address = parseReturnAddress(envelope.id);
        if (address !== undefined)
          this.#exchange.answer(address.inbox, { ...envelope, id: address.id, from: this.name });
        return undefined;
      }
    }
  }
}

function unavailable(message: string): Promise<void> {
  return Promise.reject(new RpcException(message, { code: RpcCode.Unavailable }));
}
