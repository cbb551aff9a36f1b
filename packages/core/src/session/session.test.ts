import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../test/support/error-of.ts';
import { FakeDelivery } from '../../test/support/fake-delivery.ts';
import { answer, cancel, credit, eventOf, FakeLink, failure, request } from '../../test/support/fake-link.ts';
import { LogBook } from '../../test/support/log-book.ts';
import { outgoing } from '../../test/support/outgoing.ts';
import { recordOf } from '../../test/support/records.ts';
import type { MessageContext } from '../context/index.ts';
import { Dispatcher, WarningLog } from '../dispatch/index.ts';
import type { Envelope } from '../envelope/index.ts';
import { type HandlerRecord, HandlerRegistry } from '../registry/index.ts';
import { type EndpointOptions, resolveEndpointOptions } from '../seam/index.ts';
import type { Session } from './session.ts';
import { SessionHub } from './session-hub.ts';

/** A hub with one link attached. */
function attached(records: readonly HandlerRecord[] = [], own: EndpointOptions = {}, link = new FakeLink()) {
  const registry = new HandlerRegistry();
  for (const record of records) registry.add(record);
  const options = resolveEndpointOptions('test', own);
  const logger = new LogBook();
  const log = new WarningLog(logger, 'client');
  const dispatcher = new Dispatcher({ transport: 'test', registry, interceptors: [], options, log });
  const changes: string[] = [];
  const unreachable: unknown[] = [];
  const hub = new SessionHub({
    options,
    dispatcher,
    log,
    changed: (session, reason) => changes.push(`${session.state} ${String(reason)}`),
    unreachable: (reason) => unreachable.push(reason),
  });
  const session = hub.attach(link) as Session;
  return { hub, session, link, logger, dispatcher, changes, unreachable };
}

describe('the hub', () => {
  it('knows what is served', () => {
    const { hub } = attached([recordOf('message', 'sum'), recordOf('event', 'a.*')]);
    expect(hub.routes).toMatchObject({ messages: ['sum'], events: [], wildcards: ['a.*'] });
  });

  it('keeps a session for each link, until it is gone', () => {
    const { hub, session, changes } = attached();
    const other = hub.attach(new FakeLink());
    expect(hub.sessions.size).toBe(2);
    session.detach('closed');
    session.detach('again');
    expect([...hub.sessions]).toEqual([other]);
    expect(changes).toEqual(['ready undefined', 'ready undefined', 'gone closed']);
  });

  it('detaches what is left', () => {
    const { hub, changes } = attached();
    hub.detachAll('closed');
    hub.detachAll('closed');
    expect(hub.sessions.size).toBe(0);
    expect(changes.at(-1)).toBe('gone closed');
  });

  it('hands on what the transport says', () => {
    const { hub, logger, unreachable } = attached();
    hub.unreachable('ECONNREFUSED');
    hub.warn('a bad frame', 'detail');
    expect(unreachable).toEqual(['ECONNREFUSED']);
    expect(logger.lines).toEqual([{ level: 'warn', message: 'client: a bad frame', detail: 'detail' }]);
  });
});

describe('a session', () => {
  it('gives each envelope to the half that it is for', async () => {
    const seen: unknown[] = [];
    const { session, link } = attached([
      recordOf('message', 'sum', () => 7),
      recordOf('event', 'saved', (data) => void seen.push(data)),
    ]);
    session.receive(request());
    expect(link.take()).toEqual(['last reply 7']);
    session.receive(eventOf('saved', 'x'));
    await tick();
    expect(seen).toEqual(['x']);
    const reply = session.requester.send(outgoing());
    session.receive(answer('reply', 1, { body: '8' }));
    expect(await reply).toBe(8);
  });

  it('takes answers, cancels and credit of nobody without a word', () => {
    const { session, link, logger } = attached();
    const strays: Envelope[] = [
      answer('reply', 5, { last: false }),
      answer('complete', 5),
      answer('defer', 5),
      failure(5, 500),
      cancel(5),
      credit(5, 3),
    ];
    for (const envelope of strays) session.receive(envelope);
    expect(link.sent).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  it('calls back over its own link', async () => {
    const { session, link } = attached([
      recordOf('message', 'sum', (_data, context: MessageContext) => context.send('double', 21)),
    ]);
    session.receive(request({ timeout: 500 }));
    expect(link.sent).toMatchObject([{ kind: 'request', pattern: 'double', body: '21' }]);
    expect(link.lastRequest.timeout).toBeLessThanOrEqual(500);
    session.receive(answer('reply', 1, { body: '42' }));
    await tick();
    expect(link.take()).toEqual(['request double', 'last reply 42']);
  });

  it('cancels what a handler has asked when the handler is cancelled', async () => {
    const { session, link } = attached([
      recordOf('message', 'sum', (_data, context: MessageContext) => context.send('double', 21)),
    ]);
    session.receive(request());
    session.receive(cancel(1));
    await tick();
    expect(link.take()).toEqual(['request double', 'cancel']);
    expect(session.requester.pending).toBe(0);
  });

  it('a failure of what it processes is logged, and does not get out', () => {
    const { session, logger } = attached([recordOf('message', 'sum')], {}, new FakeLink());
    const hostile = {
      kind: 'request',
      get pattern() {
        throw new Error('hostile');
      },
    } as unknown as Envelope;
    expect(() => session.receive(hostile)).not.toThrow();
    expect(logger.errors).toHaveLength(1);
  });

  it('says how much room there is', async () => {
    const hold = Promise.withResolvers<void>();
    const { session } = attached([recordOf('message', 'sum', () => hold.promise)], { concurrency: 1 });
    expect(session.room()).toBe(1);
    session.receive(request());
    expect(session.room()).toBe(0);
    const room = session.whenRoom();
    hold.resolve();
    await room;
    expect(session.room()).toBe(1);
  });
});

describe('when the link', () => {
  it('is lost, what was asked ends with 502, and handlers go on', async () => {
    const hold = Promise.withResolvers<number>();
    const { session, link, changes } = attached([recordOf('message', 'sum', () => hold.promise)]);
    const reply = errorOf(session.requester.send(outgoing()));
    session.receive(request());
    session.lost('broker down');
    session.lost('still down');
    expect(await reply).toMatchObject({ code: 502 });
    hold.resolve(7);
    await tick();
    expect(link.take()).toEqual(['request sum', 'last reply 7']);
    session.restored();
    session.restored();
    expect(changes).toEqual(['ready undefined', 'lost broker down', 'ready undefined']);
  });

  it('drains, what was asked is still answered', async () => {
    const { session, changes } = attached();
    const reply = session.requester.send(outgoing());
    session.drain();
    session.drain();
    session.receive(answer('reply', 1, { body: '7' }));
    expect(await reply).toBe(7);
    expect(changes).toEqual(['ready undefined', 'draining undefined']);
  });

  it('drains, it takes no calls again when an outage is over', () => {
    const { session } = attached();
    session.drain();
    session.lost('down');
    session.restored();
    expect(session.state).toBe('draining');
  });

  it('is gone, what was asked ends with 502, handlers are cancelled, and nothing is taken any more', async () => {
    const contexts: MessageContext[] = [];
    const { session, link } = attached([
      recordOf('message', 'sum', (_data, context: MessageContext) => {
        contexts.push(context);
        return new Promise(() => undefined);
      }),
    ]);
    const reply = errorOf(session.requester.send(outgoing()));
    session.receive(request());
    session.detach('ECONNRESET');
    expect(await reply).toMatchObject({ code: 502, cause: 'ECONNRESET' });
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 502 });
    link.take();
    const delivery = new FakeDelivery();
    session.receive(request({ id: 2 }), delivery);
    session.lost('x');
    session.restored();
    session.drain();
    expect(session.state).toBe('gone');
    expect(contexts).toHaveLength(1);
    expect(delivery.settled).toEqual([]);
    expect(link.take()).toEqual([]);
  });
});
