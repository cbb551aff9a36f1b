import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import type { Body, Envelope, Headers } from './envelope.ts';
import { writeHead } from './head.ts';
import { type Arrival, readEnvelope } from './read-envelope.ts';

const me = 'users-9k2p';
const asker = 'api-x7f3';

function bytesOf(body: Body): Buffer | undefined {
  return body === undefined ? undefined : Buffer.from(body as string);
}

/** What the other side gets. */
function cross(envelope: Envelope, arrival: Partial<Arrival> = {}) {
  const body = 'body' in envelope ? bytesOf(envelope.body) : undefined;
  return readEnvelope(writeHead(envelope, me), body, { pattern: 'users.get', ...arrival });
}

const body = fc.oneof(
  fc.constant(undefined),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
);
const contentType = fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined });
const headers = fc.option(
  fc
    .dictionary(fc.stringMatching(/^x-[a-z0-9]{1,8}$/), fc.string({ unit: 'grapheme' }), { minKeys: 1 })
    .map((pairs): Headers => pairs),
  { nil: undefined },
);
const uint32 = fc.nat({ max: 0xffff_ffff });
const seq = fc.option(fc.nat(), { nil: undefined });

describe('a head', () => {
  it('brings every request and event as it was sent', () => {
    fc.assert(
      fc.property(
        uint32,
        fc.nat(),
        fc.nat(),
        body,
        contentType,
        headers,
        fc.option(fc.string(), { nil: undefined }),
        (id, timeout, credit, content, type, pairs, key) => {
          const message = { pattern: 'users.get', headers: pairs, contentType: type, body: content, source: undefined };
          expect(cross({ ...message, kind: 'request', id, timeout, credit })).toEqual({
            ...message,
            kind: 'request',
            id: `${me}/${id}`,
            timeout,
            credit,
          });
          expect(cross({ ...message, kind: 'event', key })).toEqual({
            ...message,
            kind: 'event',
            key,
            audience: undefined,
          });
        },
      ),
    );
  });

  it('brings every answer as it was sent, and says whom it is from', () => {
    fc.assert(
      fc.property(
        uint32,
        seq,
        fc.boolean(),
        fc.nat(),
        body,
        contentType,
        (number, place, last, timeout, content, type) => {
          const there = { id: `${asker}/${number}`, seq: place };
          const here = { id: number, from: me, seq: place };
          const reply = { kind: 'reply', last, contentType: type, body: content } as const;
          expect(cross({ ...reply, ...there })).toEqual({ ...reply, ...here });
          expect(cross({ kind: 'error', ...there, body: '{}' })).toEqual({ kind: 'error', ...here, body: '{}' });
          expect(cross({ kind: 'complete', ...there })).toEqual({ kind: 'complete', ...here });
          expect(cross({ kind: 'defer', ...there, timeout })).toEqual({ kind: 'defer', ...here, timeout });
        },
      ),
    );
  });

  it('brings cancel and credit under the id that the request had', () => {
    const call = { id: 7, to: undefined, pattern: 'users.get' };
    expect(cross({ kind: 'cancel', ...call })).toEqual({ kind: 'cancel', ...call, id: `${me}/7` });
    expect(cross({ kind: 'credit', ...call, total: 2 ** 40 })).toEqual({
      kind: 'credit',
      ...call,
      id: `${me}/7`,
      total: 2 ** 40,
    });
  });

  it('is one line that can be read where messages are looked at', () => {
    const message = { pattern: 'p', headers: { a: 'line\nbreak' }, contentType: undefined, body: 'x' };
    expect(writeHead({ ...message, kind: 'request', id: 42, timeout: 0.2, credit: 0 }, asker)).toBe(
      '[1,"request","api-x7f3/42",1,0,"text",null,{"a":"line\\nbreak"}]',
    );
    expect(writeHead({ ...message, headers: undefined, kind: 'event' }, asker)).toBe('[1,"event",null,"text"]');
  });

  it('refuses to answer what has no return address', () => {
    expect(() => writeHead({ kind: 'complete', id: 'nobody' }, me)).toThrow('"nobody" is no return address');
  });
});

describe('readEnvelope', () => {
  const request = {
    kind: 'request',
    id: 1,
    pattern: 'p',
    headers: undefined,
    contentType: undefined,
    body: undefined,
  } as const;

  it.each([
    [100, 40, 60],
    [100, 100, -1],
    [100, 2000, -1],
    [0, 2000, 0],
    [100, -5, 100],
  ])('takes what it waited off the time left: %i ms less %i', (timeout, waited, left) => {
    expect(cross({ ...request, timeout, credit: 0 }, { waited })).toMatchObject({ timeout: left });
  });

  it('gives bytes that do not keep a large buffer alive, and are no Buffer', () => {
    const chunk = Buffer.alloc(65_536, 1);
    const head = '[1,"event",null,"bytes"]';
    const small = readEnvelope(head, chunk.subarray(8, 24), { pattern: 'p' }) as { body: Uint8Array };
    expect(small.body).toEqual(new Uint8Array(16).fill(1));
    expect(small.body.buffer.byteLength).toBe(16);
    const all = readEnvelope(head, chunk, { pattern: 'p' }) as { body: Uint8Array };
    expect(all.body.buffer).toBe(chunk.buffer);
    expect(Buffer.isBuffer(all.body)).toBe(false);
  });

  it('comes with a body that is a string already, if it is ASCII', () => {
    const read = (kind: string, body: string, maxBody = 10) =>
      readEnvelope(`[1,"event",null,${kind}]`, body, { pattern: 'p', maxBody });
    expect(read('"text"', 'as it is')).toMatchObject({ body: 'as it is' });
    expect(read('"bytes"', 'abc')).toMatchObject({ body: new Uint8Array([97, 98, 99]) });
    expect(read('"text"', 'far too large')).toMatchObject({ kind: 'refused', reason: { code: 413 } });
    expect(() => read('null', 'none')).toThrowError(expect.objectContaining({ code: 400 }));
  });

  it('tells an empty body from none', () => {
    const nothing = Buffer.alloc(0);
    expect(readEnvelope('[1,"event",null,"text"]', nothing, { pattern: 'p' })).toMatchObject({ body: '' });
    expect(readEnvelope('[1,"event",null,"bytes"]', undefined, { pattern: 'p' })).toMatchObject({
      body: new Uint8Array(0),
    });
    expect(readEnvelope('[1,"event",null,null]', nothing, { pattern: 'p' })).toMatchObject({ body: undefined });
  });

  it('ignores what a later minor version adds to the end', () => {
    expect(readEnvelope('[1,"cancel","a/1","new",{}]', undefined, { pattern: 'p' })).toMatchObject({ id: 'a/1' });
  });

  it('keeps a U+FFFD that was sent', () => {
    expect(cross({ ...request, kind: 'event', body: 'a\ufffdb' })).toMatchObject({ body: 'a\ufffdb' });
  });

  it.each([
    ['[1,"request","a/1",0,0,null,null,{"A":"b"}]', 'a/1', /the header name "A" must be lower case/],
    ['[1,"request","a/1",0,0,null,null,{"parley-x":"b"}]', 'a/1', /reserved/],
    ['[1,"request","a/1",0,0,null,null,["a"]]', 'a/1', /must be a plain object/],
    ['[1,"event",null,null,null,{"a":1}]', undefined, /must be a string/],
    [`[1,"event",null,null,null,{"a":"${'x'.repeat(9000)}"}]`, undefined, /larger than 8192 bytes/],
  ])('refuses a message for its headers alone: %.60s', (head, id, reason) => {
    const refused = readEnvelope(head, undefined, { pattern: 'p' });
    expect(refused).toMatchObject({ kind: 'refused', id });
    expect((refused as { reason: RpcException }).reason.message).toMatch(reason);
  });

  it.each([
    ['', 'it is not JSON'],
    ['{}', 'it is not an array'],
    ['[]', 'it does not begin with a version'],
    ['["1"]', 'it does not begin with a version'],
    ['[1]', 'the kind undefined is unknown'],
    ['[1,"hello"]', 'the kind "hello" is unknown'],
    ['[1,["request"]]', 'the kind an array is unknown'],
    ['[1,"request","nobody",0,0,null]', 'its field 2 must be a return address, got "nobody"'],
    ['[1,"request","a/99999999999",0,0,null]', 'its field 2 must be a return address'],
    ['[1,"request","a/1",-1,0,null]', 'its field 3 must be a whole number of at least 0, got -1'],
    ['[1,"request","a/1",0,1.5,null]', 'its field 4'],
    ['[1,"request","a/1",0,0,"json"]', 'a body that is neither text nor bytes'],
    ['[1,"request","a/1",0,0,"text",""]', 'its field 6'],
    ['[1,"event",{},null]', 'its field 2 must be a text, got an object'],
    ['[1,"reply","42","a",0,true,null]', 'its field 2 must be a whole number below 2^32, got "42"'],
    ['[1,"reply",4294967296,"a",0,true,null]', 'its field 2'],
    ['[1,"reply",42,"",0,true,null]', 'its field 3'],
    ['[1,"reply",42,"a",-1,true,null]', 'its field 4'],
    ['[1,"reply",42,"a",0,1,null]', 'its field 5 must be true or false, got 1'],
    ['[1,"defer",42,"a",0]', 'its field 5'],
    ['[1,"credit","a/1"]', 'its field 3'],
    [`[1,"cancel",${'['.repeat(30_000)}${']'.repeat(30_000)}]`, 'its field 2'],
    [`[1,"cancel","${'a'.repeat(70_000)}"]`, 'it is longer than 65536 characters'],
  ])('refuses %.60s', (head, why) => {
    expect(() => readEnvelope(head, undefined, { pattern: 'p' })).toThrow(
      expect.objectContaining({ code: 400, message: expect.stringContaining(why) }),
    );
  });

  it('refuses a body that is not what the head says', () => {
    const broken = Buffer.from([0x61, 0xff]);
    expect(() => readEnvelope('[1,"event",null,"text"]', broken, { pattern: 'p' })).toThrow('a text that is not UTF-8');
    expect(() => readEnvelope('[1,"event",null]', broken, { pattern: 'p' })).toThrow('one of 2 bytes came');
  });

  it('refuses what is larger than this side takes, and tells who waits for it', () => {
    const large = Buffer.alloc(101, 97);
    const arrival = { pattern: 'p', maxBody: 100 };
    const reason = { code: 413, details: { bytes: 101, limit: 100 } };
    expect(readEnvelope('[1,"request","a/1",0,0,"text"]', large, arrival)).toMatchObject({
      kind: 'refused',
      id: 'a/1',
      reason,
    });
    expect(readEnvelope('[1,"event",null,"bytes"]', large, arrival)).toMatchObject({
      kind: 'refused',
      id: undefined,
      reason,
    });
    for (const head of ['[1,"reply",1,"a",3,true,"text"]', '[1,"error",1,"a",3,"text"]']) {
      const failure = readEnvelope(head, large, arrival) as { body: string };
      expect(failure).toMatchObject({ kind: 'error', id: 1, from: 'a', seq: 3 });
      expect(JSON.parse(failure.body)).toMatchObject(reason);
    }
    expect(readEnvelope('[1,"event",null,"text"]', large.subarray(1), arrival)).toMatchObject({ kind: 'event' });
  });

  it('refuses kinds that do not belong where it came', () => {
    const arrival = { pattern: 'p', kinds: new Set(['reply'] as const) };
    expect(() => readEnvelope('[1,"request","a/1",0,0,null]', undefined, arrival)).toThrow(
      '"request" does not belong here',
    );
    expect(readEnvelope('[1,"reply",1,"a",0,true,null]', undefined, arrival)).toMatchObject({ kind: 'reply' });
  });

  it('refuses another version with 501', () => {
    expect(() => readEnvelope('[2,"event",null]', undefined, { pattern: 'p' })).toThrow(
      expect.objectContaining({ code: 501, message: expect.stringContaining('version 2') }),
    );
  });

  it('answers any text with an envelope or an RpcException', () => {
    const json = fc.json().map((value) => `[1,${value}]`);
    const kinds = fc.constantFrom('request', 'event', 'reply', 'error', 'complete', 'defer', 'cancel', 'credit');
    const nearly = fc
      .tuple(kinds, fc.array(fc.jsonValue(), { maxLength: 8 }))
      .map((parts) => JSON.stringify([1, parts[0], ...parts[1]]));
    fc.assert(
      fc.property(fc.oneof(fc.string(), json, nearly), fc.uint8Array(), (head, content) => {
        try {
          expect(readEnvelope(head, Buffer.from(content), { pattern: 'p' }).kind).toBeTypeOf('string');
        } catch (error) {
          expect(error).toBeInstanceOf(RpcException);
        }
      }),
    );
  });
});
