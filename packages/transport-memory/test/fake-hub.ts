import type { Delivery, Envelope, Event, Hub, Link, Receiver, Request, Routes } from '@parley/core/transport';

export interface Received {
  readonly envelope: Envelope;
  readonly delivery: Delivery | undefined;
}

/** As little of core as a transport can be tried with: it writes down what it is told. */
export class FakeHub implements Hub {
  readonly routes: Routes;
  readonly received: Received[] = [];
  /** `attached`, `lost`, `restored`, `detached`, `unreachable`, `warned`. */
  readonly told: string[] = [];
  link!: Link;
  #room = Number.POSITIVE_INFINITY;
  #roomWanted: (() => void)[] = [];

  constructor(routes: Partial<Routes> = {}) {
    this.routes = { messages: [], events: [], wildcards: [], broadcast: { events: [], wildcards: [] }, ...routes };
  }

  set room(room: number) {
    this.#room = room;
    if (room > 0) for (const resolve of this.#roomWanted.splice(0)) resolve();
  }

  attach(link: Link): Receiver {
    this.link = link;
    this.told.push('attached');
    return {
      receive: (envelope, delivery) => {
        if (delivery !== undefined) this.#room -= 1;
        this.received.push({ envelope, delivery });
      },
      room: () => this.#room,
      whenRoom: () => (this.#room > 0 ? Promise.resolve() : new Promise((resolve) => this.#roomWanted.push(resolve))),
      drain: () => this.told.push('drain'),
      lost: () => this.told.push('lost'),
      restored: () => this.told.push('restored'),
      detach: () => this.told.push('detached'),
    };
  }

  /** What becomes of it does not matter. */
  send(envelope: Envelope): void {
    this.link.send(envelope)?.catch(() => undefined);
  }

  unreachable(): void {
    this.told.push('unreachable');
  }

  warn(): void {
    this.told.push('warned');
  }

  /** What has arrived, once all that is under way has. */
  async arrivals(): Promise<readonly Received[]> {
    await settled();
    return this.received;
  }

  async patterns(): Promise<string[]> {
    const arrivals = await this.arrivals();
    return arrivals.map(({ envelope }) => ('pattern' in envelope ? envelope.pattern : envelope.kind));
  }
}

/** Everything on its way has arrived: each hop takes one turn of the event loop. */
export async function settled(): Promise<void> {
  for (let hop = 0; hop < 4; hop += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function request(pattern: string, fields: Partial<Request> = {}): Request {
  return {
    kind: 'request',
    id: 1,
    pattern,
    headers: undefined,
    contentType: undefined,
    body: undefined,
    timeout: 0,
    credit: 0,
    ...fields,
  };
}

export function event(pattern: string, fields: Partial<Event> = {}): Event {
  return { kind: 'event', pattern, headers: undefined, contentType: undefined, body: undefined, ...fields };
}
