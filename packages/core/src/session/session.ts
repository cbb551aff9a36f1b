import { Abortable, type Dispatcher, Responder, type WarningLog } from '../dispatch/index.ts';
import type { Envelope } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import type { Delivery, Link, Receiver, ResolvedEndpointOptions } from '../seam/index.ts';
import { Calls, type Links } from './calls.ts';
import { connectionLost, reasonText } from './link-errors.ts';
import { Requester } from './requester.ts';

/** `ready`: takes calls. `lost`: not now. `draining`: no new ones, those under way are answered. `gone`: never again. */
export type SessionState = 'ready' | 'lost' | 'draining' | 'gone';

export interface SessionSetup {
  readonly options: ResolvedEndpointOptions;
  readonly dispatcher: Dispatcher;
  readonly log: WarningLog;
  /** Told after every change of the state, with what was its reason. */
  readonly changed: (session: Session, reason: unknown) => void;
}

/** Both halves of what core does over one link: asks, and answers. */
export class Session implements Receiver {
  readonly requester: Requester;
  /** See {@link Link.shared}. */
  readonly isShared: boolean;
  readonly #responder: Responder;
  readonly #dispatcher: Dispatcher;
  readonly #setup: SessionSetup;
  readonly #gone = new Abortable();
  #state: SessionState = 'ready';

  constructor(link: Link, setup: SessionSetup) {
    this.isShared = link.shared;
    this.#setup = setup;
    this.#dispatcher = setup.dispatcher;
    this.requester = new Requester(link, setup.options);
    // What handlers call back with: this link and no other.
    const links: Links = { pick: () => this.requester, wait: (_, over) => over(this.requester) };
    this.#responder = new Responder(link, setup.dispatcher, new Calls(setup.options, links, this.#gone));
  }

  get state(): SessionState {
    return this.#state;
  }

  receive(envelope: Envelope, delivery?: Delivery): void {
    if (this.#state === 'gone') return;
    try {
      switch (envelope.kind) {
        case 'request':
          this.#responder.request(envelope, delivery);
          return;
        case 'event':
          this.#responder.event(envelope, delivery);
          return;
        case 'cancel':
          this.#responder.cancel(envelope);
          return;
        case 'credit':
          this.#responder.credit(envelope);
          return;
        default:
          this.requester.answer(envelope);
      }
    } catch (thrown) {
      this.#setup.log.error(`an envelope of kind "${envelope.kind}" could not be processed`, thrown);
    }
  }

  room(): number {
    return this.#dispatcher.workload.room;
  }

  whenRoom(): Promise<void> {
    return this.#dispatcher.workload.whenRoom();
  }

  drain(): void {
    if (this.#state === 'ready' || this.#state === 'lost') this.#change('draining', undefined);
  }

  lost(reason: unknown): void {
    if (this.#state === 'gone') return;
    if (this.#state === 'ready') this.#change('lost', reason);
    this.requester.failAll((what) => connectionLost(what, reason));
  }

  restored(): void {
    if (this.#state === 'lost') this.#change('ready', undefined);
  }

  detach(reason: unknown): void {
    if (this.#state === 'gone') return;
    this.#change('gone', reason);
    this.requester.failAll((what) => connectionLost(what, reason));
    const error = new RpcException(`The connection to the caller is gone: ${reasonText(reason)}`, {
      code: RpcCode.ConnectionLost,
      cause: reason,
    });
    this.#gone.abort(error);
    this.#responder.detach(error);
  }

  #change(state: SessionState, reason: unknown): void {
    this.#state = state;
    this.#setup.changed(this, reason);
  }
}
