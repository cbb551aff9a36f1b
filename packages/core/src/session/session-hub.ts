import type { Dispatcher, WarningLog } from '../dispatch/index.ts';
import type { Hub, Link, Receiver, ResolvedEndpointOptions, Routes } from '../seam/index.ts';
import { Session } from './session.ts';

export interface SessionHubSetup {
  readonly options: ResolvedEndpointOptions;
  readonly dispatcher: Dispatcher;
  readonly log: WarningLog;
  /** A session was added or has changed its state. */
  readonly changed?: (session: Session, reason: unknown) => void;
  readonly unreachable?: (reason: unknown) => void;
}

/** The hub of one endpoint, and its sessions: one for each link that is attached. */
export class SessionHub implements Hub {
  readonly routes: Routes;
  readonly #setup: SessionHubSetup;
  readonly #sessions = new Set<Session>();

  constructor(setup: SessionHubSetup) {
    this.#setup = setup;
    this.routes = setup.dispatcher.table.routes;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  attach(link: Link): Receiver {
    const { options, dispatcher, log, changed } = this.#setup;
    const session = new Session(link, {
      options,
      dispatcher,
      log,
      changed: (which, reason) => {
        if (which.state === 'gone') this.#sessions.delete(which);
        changed?.(which, reason);
      },
    });
    this.#sessions.add(session);
    changed?.(session, undefined);
    return session;
  }

  unreachable(reason: unknown): void {
    this.#setup.unreachable?.(reason);
  }

  warn(what: string, detail?: unknown): void {
    this.#setup.log.warn(what, detail);
  }

  /** What was asked over any of the links and is not answered: nobody will be here for the answer. */
  cancelAll(reason: string): void {
    for (const session of this.#sessions) session.requester.cancelAll(reason);
  }

  /** What the transport has left attached when it closed. */
  detachAll(reason: unknown): void {
    for (const session of [...this.#sessions]) session.detach(reason);
  }
}
