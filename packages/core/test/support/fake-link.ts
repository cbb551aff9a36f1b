import type { Answer, Body, Cancel, Credit, Envelope, Event, Request } from '../../src/envelope/index.ts';
import type { Link } from '../../src/seam/index.ts';

/** A link that keeps what is sent, and answers `send` as it is told. */
export class FakeLink implements Link {
  readonly shared: boolean;
  readonly maxBody: number;
  readonly sent: Envelope[] = [];
  /** What `send` gives for the next envelopes. */
  outcome: (envelope: Envelope) => Promise<void> | undefined = () => undefined;

  constructor({ shared = true, maxBody = 1 << 20 }: { readonly shared?: boolean; readonly maxBody?: number } = {}) {
    this.shared = shared;
    this.maxBody = maxBody;
  }

  send(envelope: Envelope): Promise<void> | undefined {
    this.sent.push(envelope);
    return this.outcome(envelope);
  }

  /** What has been sent since the last time, in short: `reply 1`, `error 404`. */
  take(): string[] {
    return this.sent.splice(0).map(inShort);
  }

  get requests(): Request[] {
    return this.sent.filter((envelope) => envelope.kind === 'request');
  }

  get lastRequest(): Request {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('No request has been sent');
    return request;
  }
}

function inShort(envelope: Envelope): string {
  switch (envelope.kind) {
    case 'request':
    case 'event':
      return `${envelope.kind} ${envelope.pattern}`;
    case 'reply':
      return `${envelope.last ? 'last reply' : 'reply'} ${String(envelope.body)}`;
    case 'error':
      return `error ${(JSON.parse(String(envelope.body)) as { code: number }).code}`;
    case 'complete':
    case 'cancel':
      return envelope.kind;
    case 'defer':
      return `defer ${envelope.timeout}`;
    case 'credit':
      return `credit ${envelope.total}`;
  }
}

export function request(overrides: Partial<Request> = {}): Request {
  return {
    kind: 'request',
    id: 1,
    pattern: 'sum',
    headers: undefined,
    contentType: undefined,
    body: undefined,
    timeout: 0,
    credit: 0,
    ...overrides,
  };
}

export function eventOf(pattern: string, data?: unknown): Event {
  const body = data === undefined ? undefined : JSON.stringify(data);
  return { kind: 'event', pattern, headers: undefined, contentType: undefined, body };
}

interface AnswerFields {
  readonly from?: string;
  readonly seq?: number;
  readonly last?: boolean;
  readonly contentType?: string;
  readonly body?: Body;
  readonly timeout?: number;
}

/** An answer to call `id`; a reply is the last one unless told otherwise. */
export function answer(kind: Answer['kind'], id: number, own: AnswerFields = {}): Answer {
  return { kind, id, last: true, contentType: undefined, body: undefined, timeout: 0, ...own };
}

export function failure(id: number, code: number, message = 'failed'): Answer {
  return answer('error', id, { body: JSON.stringify({ error: message, code }) });
}

export function cancel(id: number | string): Cancel {
  return { kind: 'cancel', id, to: undefined, pattern: 'sum' };
}

export function credit(id: number | string, total: number): Credit {
  return { kind: 'credit', id, to: undefined, pattern: 'sum', total };
}
