import type { Subscriber } from 'rxjs';
import { Observable } from 'rxjs/internal/Observable';

/**
 * `idle`: nothing has been called yet. `connecting`: the first link is on its way. `ready`: at least one link takes
 * calls. `disconnected`: none does; the transport keeps trying. `closed`: for good.
 */
export type ClientState = 'idle' | 'connecting' | 'ready' | 'disconnected' | 'closed';

export interface ClientStatus {
  readonly state: ClientState;
  readonly since: Date;
  /** Why it is not ready, where there is a reason. */
  readonly reason?: unknown;
}

/** The status now and as it changes. */
export class StatusSource {
  #current: ClientStatus = { state: 'idle', since: new Date() };
  readonly #subscribers = new Set<Subscriber<ClientStatus>>();

  /** Begins with the status as it is; completes after `closed`. */
  readonly changes: Observable<ClientStatus> = new Observable((subscriber) => {
    subscriber.next(this.#current);
    if (this.#current.state === 'closed') {
      subscriber.complete();
      return undefined;
    }
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  });

  get current(): ClientStatus {
    return this.#current;
  }

  set(state: ClientState, reason?: unknown): void {
    if (this.#current.state === state || this.#current.state === 'closed') return;
    this.#current = { state, since: new Date(), ...(reason === undefined ? {} : { reason }) };
    for (const subscriber of [...this.#subscribers]) {
      subscriber.next(this.#current);
      if (state === 'closed') subscriber.complete();
    }
  }
}
