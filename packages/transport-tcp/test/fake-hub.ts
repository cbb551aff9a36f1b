import type { Envelope, Event, Hub, Link, Receiver, Reply, Request, Routes } from '@parley/core/transport';

/** One link as the hub sees it: what came over it, and what became of it. */
export class FakeReceiver implements Receiver {
  readonly link: Link;
  readonly received: Envelope[] = [];
  isDrained = false;
  detached: unknown;
  /** Called for each envelope; without it they are kept in `received`. */
  onEnvelope: ((envelope: Envelope, link: Link) => void) | undefined;

  constructor(link: Link, onEnvelope: FakeReceiver['onEnvelope']) {
    this.link = link;
    this.onEnvelope = onEnvelope;
  }

  receive(envelope: Envelope): void {
    if (this.onEnvelope === undefined) this.received.push(envelope);
    else this.onEnvelope(envelope, this.link);
  }

  drain(): void {
    this.isDrained = true;
  }

  detach(reason: unknown): void {
    if (this.detached !== undefined) throw new Error('detached twice');
    this.detached = reason;
  }

  room(): number {
    return 1;
  }

  whenRoom(): Promise<void> {
    return Promise.resolve();
  }

  lost(): void {
    throw new Error('a connection is never lost and restored');
  }

  restored(): void {
    throw new Error('a connection is never lost and restored');
  }
}

/** Stands in for core, so that a transport can be tested alone. */
export class FakeHub implements Hub {
  readonly routes: Routes = { messages: [], events: [], wildcards: [], broadcast: { events: [], wildcards: [] } };
  readonly receivers: FakeReceiver[] = [];
  readonly warnings: string[] = [];
  readonly outages: unknown[] = [];
  readonly #onEnvelope: FakeReceiver['onEnvelope'];

  constructor(onEnvelope?: FakeReceiver['onEnvelope']) {
    this.#onEnvelope = onEnvelope;
  }

  attach(link: Link): FakeReceiver {
    const receiver = new FakeReceiver(link, this.#onEnvelope);
    this.receivers.push(receiver);
    return receiver;
  }

  unreachable(reason: unknown): void {
    this.outages.push(reason);
  }

  warn(what: string): void {
    this.warnings.push(what);
  }

  /** The links that are still there. */
  get up(): FakeReceiver[] {
    return this.receivers.filter(({ detached }) => detached === undefined);
  }
}

/** A hub that answers every request with its own body. */
export function echoHub(): FakeHub {
  return new FakeHub((envelope, link) => {
    if (envelope.kind === 'request') void link.send(reply(envelope.id as number, envelope.body));
  });
}

export function request(id: number, body?: Request['body'], more: Partial<Request> = {}): Request {
  const base = { kind: 'request', id, pattern: 'echo', headers: undefined, contentType: undefined, body } as const;
  return { ...base, timeout: 0, credit: 0, ...more };
}

export function event(body?: Event['body'], more: Partial<Event> = {}): Event {
  return { kind: 'event', pattern: 'news', headers: undefined, contentType: undefined, body, ...more };
}

export function reply(id: number, body?: Reply['body'], more: Partial<Reply> = {}): Reply {
  return { kind: 'reply', id, last: true, contentType: undefined, body, ...more };
}

/** Waits for a condition, looking again in every turn of the event loop. */
export async function until(condition: () => boolean, what: string, timeout = 10_000): Promise<void> {
  const by = performance.now() + timeout;
  while (!condition()) {
    if (performance.now() > by) throw new Error(`waited ${timeout} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
