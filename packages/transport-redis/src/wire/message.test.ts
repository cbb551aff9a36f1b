import { Buffer } from 'node:buffer';
import { type Arrival, type Envelope, kindsOn, writeHead } from '@parley/core/transport';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packMessage, readable, unpackMessage } from './message.ts';
import { readMessage } from './read-message.ts';

type Kinds = Arrival['kinds'];

const maxBody = 1000;
const request = (body: string | Uint8Array | undefined): Envelope => ({
  kind: 'request',
  id: 7,
  pattern: 'p',
  timeout: 1000,
  credit: 0,
  headers: undefined,
  contentType: undefined,
  body,
});
const sent = (envelope: Envelope): Buffer =>
  Buffer.from(packMessage(writeHead(envelope, 'me'), 'body' in envelope ? envelope.body : undefined));
const read = (message: Buffer, kinds: Kinds = kindsOn.requests, limit = maxBody) =>
  readMessage(readable(message), { pattern: 'p', kinds, maxBody: limit });

describe('a message', () => {
  it('is a head, a line feed and a body', () => {
    expect(packMessage('[1]', 'text\nmore')).toBe('[1]\ntext\nmore');
    expect(packMessage('[1]', undefined)).toBe('[1]');
    expect(packMessage('[1]', new Uint8Array([0, 10, 255]))).toEqual(Buffer.from([0x5b, 0x31, 0x5d, 10, 0, 10, 255]));
  });

  it('comes as it was sent, text and bytes', () => {
    const ascii = fc.uint8Array({ max: 127 });
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      ascii,
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(body, (body) => {
        expect(read(sent(request(body)))).toMatchObject({ kind: 'request', id: 'me/7', pattern: 'p', body });
      }),
    );
  });

  it('that is garbage is refused, never thrown over with anything but an RpcException', () => {
    const garbage = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc.array(fc.jsonValue()).map((list) => Buffer.from(`[1,"request",${JSON.stringify(list).slice(1)}`)),
    );
    fc.assert(
      fc.property(
        garbage,
        fc.constantFrom(kindsOn.requests, kindsOn.events, kindsOn.inbox, kindsOn.control),
        (message, kinds) => {
          try {
            expect(kinds?.has((read(message, kinds) as Envelope).kind)).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ name: 'RpcException' });
          }
        },
      ),
    );
  });

  it('without a line feed has no body', () => {
    expect(unpackMessage(Buffer.from('[1]'))).toEqual({ head: '[1]', body: undefined });
    expect(unpackMessage(Buffer.from('\n'))).toEqual({ head: '', body: Buffer.alloc(0) });
    expect(unpackMessage('[1]')).toEqual({ head: '[1]', body: undefined });
    expect(unpackMessage('x[1]\nb[2]\n', 1, 4)).toEqual({ head: '[1]', body: undefined });
    expect(unpackMessage('x[1]\nb[2]\n', 1, 6)).toEqual({ head: '[1]', body: 'b' });
  });
});

describe('what does not belong on a channel', () => {
  it.each<[string, Envelope, Kinds]>([
    ['a request in an inbox', request(undefined), kindsOn.inbox],
    ['a request among events', request(undefined), kindsOn.events],
    ['a reply among requests', { kind: 'complete', id: 'me/1', from: 'x', seq: 0 }, kindsOn.requests],
    ['a cancel among requests', { kind: 'cancel', id: 1, to: undefined, pattern: 'p' }, kindsOn.requests],
    ['a reply among controls', { kind: 'complete', id: 'me/1', from: 'x', seq: 0 }, kindsOn.control],
  ])('is refused with 400: %s', (_name, envelope, kinds) => {
    expect(() => read(sent(envelope), kinds)).toThrowError(expect.objectContaining({ code: 400 }));
  });
});

describe('a body beyond the limit', () => {
  const large = 'x'.repeat(maxBody + 1);

  it('is not handled: a request is answered with 413', () => {
    expect(read(sent(request(large)))).toMatchObject({ kind: 'refused', id: 'me/7', reason: { code: 413 } });
    expect(read(sent(request(large.slice(1))))).toMatchObject({ kind: 'request' });
  });

  it('is not handled: an event is dropped', () => {
    const event: Envelope = { kind: 'event', pattern: 'p', headers: undefined, contentType: undefined, body: large };
    expect(read(sent(event), kindsOn.events)).toMatchObject({ kind: 'refused', id: undefined, reason: { code: 413 } });
  });

  it('of a reply ends the call with 413', () => {
    const reply: Envelope = { kind: 'reply', id: 'me/7', seq: 0, last: true, contentType: undefined, body: large };
    const came = read(sent(reply), kindsOn.inbox);
    expect(came).toMatchObject({ kind: 'error', id: 7, from: 'me', seq: 0 });
    expect(JSON.parse(String((came as { body: unknown }).body))).toMatchObject({ code: 413 });
  });
});
