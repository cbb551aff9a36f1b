import { Buffer } from 'node:buffer';
import { type Envelope, type Event, type Request, RpcException } from '@parley/core/transport';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DriverRecord } from '../driver/driver.ts';
import { headHeader } from './headers.ts';
import { inboxName, newToken, parseInboxName } from './inbox-address.ts';
import { readEvent, readRecord } from './read-record.ts';
import { type RecordContent, writeRecord } from './write-record.ts';

const instance = inboxName({ topic: 'parley.replies.a', partition: 3, token: newToken() });

/** As it comes back from Kafka: everything is bytes. */
function overKafka({ value, headers }: RecordContent, key?: string): DriverRecord {
  const bytes = (text: Buffer | string) => Buffer.from(text);
  return {
    offset: '0',
    timestamp: '0',
    key: key === undefined ? null : Buffer.from(key),
    value: value === null ? null : bytes(value),
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, bytes(text as string)])),
  };
}

const body = fc.oneof(
  fc.constant(undefined),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.uint8Array(),
);
const headers = fc
  .oneof(
    fc.constant(undefined),
    fc.dictionary(
      fc.stringMatching(/^[a-z0-9-]{1,10}$/),
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      {
        minKeys: 1,
        maxKeys: 4,
      },
    ),
  )
  .filter((found) => found === undefined || !Object.keys(found).some((name) => name.startsWith('parley-')));

describe('a record', () => {
  it('brings an event as it was sent', () => {
    fc.assert(
      fc.property(body, headers, fc.option(fc.string({ minLength: 1 }), { nil: undefined }), (content, named, key) => {
        const event: Event = {
          kind: 'event',
          pattern: 'a',
          headers: named,
          contentType: undefined,
          body: content,
          key,
        };
        const back = readEvent(overKafka(writeRecord(event, instance), key), { pattern: 'a' });
        expect(plain(back)).toEqual(plain(event));
      }),
    );
  });

  it('brings a request as it was sent, and takes off what it waited', () => {
    fc.assert(
      fc.property(body, headers, fc.nat(100_000), fc.nat(5000), (content, named, timeout, waited) => {
        const request: Request = {
          kind: 'request',
          id: 7,
          pattern: 'a',
          headers: named,
          contentType: 'x/y',
          body: content,
          timeout,
          credit: 3,
        };
        const back = readRecord(overKafka(writeRecord(request, instance)), { pattern: 'a', waited });
        const left = timeout === 0 || waited === 0 ? timeout : timeout > waited ? timeout - waited : -1;
        expect(plain(back)).toEqual({ ...plain(request), id: `${instance}/7`, timeout: left });
      }),
    );
  });

  it('tells no body from an empty one, and bytes from text', () => {
    for (const content of [undefined, '', new Uint8Array(0)]) {
      const event: Event = { kind: 'event', pattern: 'a', headers: undefined, contentType: undefined, body: content };
      expect((readEvent(overKafka(writeRecord(event, instance)), { pattern: 'a' }) as Event).body).toEqual(content);
    }
    // A tombstone, for a compacted topic.
    const nothing: Event = { kind: 'event', pattern: 'a', headers: undefined, contentType: undefined, body: undefined };
    expect(writeRecord(nothing, instance).value).toBeNull();
  });

  it('has one header of ours, and none of the user’s can take its place', () => {
    const event: Event = {
      kind: 'event',
      pattern: 'a',
      headers: { parley: 'mine', b: '1' },
      contentType: undefined,
      body: 'x',
    };
    const { headers: written } = writeRecord(event, instance);
    expect(Object.keys(written ?? {}).sort()).toEqual(['b', 'parley', headHeader]);
    expect((readEvent(overKafka({ value: 'x', headers: written }), { pattern: 'a' }) as Event).headers).toEqual({
      parley: 'mine',
      b: '1',
    });
  });

  it('keeps bytes that their owner changes before they leave', () => {
    const bytes = new Uint8Array([1, 2]);
    const { value } = writeRecord(
      { kind: 'event', pattern: 'a', headers: undefined, contentType: undefined, body: bytes },
      instance,
    );
    bytes[0] = 9;
    expect(value).toEqual(Buffer.from([1, 2]));
  });

  it.each(['A', 'a b', 'é'])('with a header that no user can have is refused, and the request answered: %j', (name) => {
    const request: Request = {
      kind: 'request',
      id: 7,
      pattern: 'a',
      headers: undefined,
      contentType: undefined,
      body: 'x',
      timeout: 1,
      credit: 0,
    };
    const record = overKafka(writeRecord(request, instance));
    const back = readRecord({ ...record, headers: { ...record.headers, [name]: Buffer.from('v') } }, { pattern: 'a' });
    expect(back).toMatchObject({ kind: 'refused', id: `${instance}/7`, reason: { code: 400 } });
  });

  it('of garbage is refused with a code, whatever it is', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((part) => Buffer.from(part));
    const value = fc.oneof(bytes, fc.string(), fc.array(bytes, { maxLength: 3 }));
    const found = fc.dictionary(
      fc.oneof(fc.constantFrom(headHeader, 'content-type', 'parley-group', '__proto__'), fc.string()),
      value,
    );
    fc.assert(
      fc.property(found, fc.option(bytes), fc.option(bytes), fc.option(fc.json()), (named, key, content, head) => {
        const withHead = head === null ? named : { ...named, [headHeader]: Buffer.from(head) };
        const record: DriverRecord = { offset: '0', timestamp: '0', key, value: content, headers: withHead };
        for (const read of [readRecord, readEvent]) {
          try {
            const envelope = read(record, { pattern: 'a' });
            expect(typeof envelope.kind).toBe('string');
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(RpcException);
            expect([400, 501]).toContain((thrown as RpcException).code);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('somebody else’s record', () => {
  const foreign = (record: Partial<DriverRecord>): Event =>
    readEvent({ offset: '0', timestamp: '0', key: null, value: null, ...record }, { pattern: 'a' }) as Event;

  it('of text is taken for JSON, of other bytes for bytes, and of nothing for nothing', () => {
    expect(foreign({ value: Buffer.from('{"a":1}') })).toMatchObject({ contentType: undefined, key: undefined });
    expect(foreign({ value: Buffer.from([0xff, 0]) })).toMatchObject({ contentType: 'application/octet-stream' });
    expect(foreign({})).toMatchObject({ body: undefined, contentType: undefined });
  });

  it('that is larger than this side takes is refused, as one of ours is', () => {
    const record = { offset: '0', timestamp: '0', key: null, value: Buffer.alloc(11, 0x31) };
    const ours = overKafka(
      writeRecord(
        { kind: 'event', pattern: 'a', headers: undefined, contentType: undefined, body: '1'.repeat(11) },
        instance,
      ),
    );
    for (const large of [record, ours]) {
      expect(readEvent(large, { pattern: 'a', maxBody: 10 })).toMatchObject({ kind: 'refused', reason: { code: 413 } });
      expect(readEvent(large, { pattern: 'a', maxBody: 11 })).toMatchObject({ kind: 'event' });
    }
  });

  it('may say what it is', () => {
    expect(foreign({ value: Buffer.from('x'), headers: { 'content-type': 'text/plain' } }).contentType).toBe(
      'text/plain',
    );
    expect(
      foreign({ value: Buffer.from('x'), headers: { 'content-type': 'x'.repeat(256) } }).contentType,
    ).toBeUndefined();
  });

  it('has its key as text, and those headers that a handler can have', () => {
    const event = foreign({
      key: Buffer.from('é'),
      headers: {
        Trace: Buffer.from('1'),
        several: ['first', 'last'],
        binary: Buffer.from([0xff]),
        'not a name': 'x',
        'parley-group': 'x',
        none: undefined,
        large: 'x'.repeat(9000),
      },
    });
    expect(event.key).toBe('é');
    expect({ ...event.headers }).toEqual({ trace: '1', several: 'last' });
  });
});

describe('the name of an inbox', () => {
  it('leads back to it', () => {
    const address = { topic: 'shop-parley.replies.a_x2F_b', partition: 11, token: newToken() };
    expect(parseInboxName(inboxName(address))).toEqual(address);
    expect(inboxName(address)).not.toContain('/');
  });

  it.each(['', 'a', 'a:1', 'a:x:b', 'a:1:B', 'a/b:1:c', ':1:c', 'a:1:c:d', `a:1:${'x'.repeat(65)}`, 'a:-1:c'])(
    'is not %j',
    (name) => {
      expect(parseInboxName(name)).toBeUndefined();
    },
  );
});

function plain(envelope: Envelope | { readonly kind: 'refused' }): object {
  const { headers: named, ...rest } = envelope as Event;
  return Object.fromEntries(
    Object.entries({ ...rest, headers: named === undefined ? undefined : { ...named } }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
