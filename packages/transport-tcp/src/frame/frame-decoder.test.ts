import { describe, expect, it } from 'vitest';
import { event, request } from '../../test/fake-hub.ts';
import { decode, encode, maxBody } from '../../test/frames.ts';
import { StringCache } from './string-cache.ts';

/** A frame of these bytes after the length. */
function frame(...parts: (number | number[] | string)[]): Buffer {
  const content = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part].flat()))),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

const id = [0, 0, 0, 7];
const noId = [0, 0, 0, 0];

describe('FrameDecoder', () => {
  it.each([
    ['an unknown kind', frame(0, 0, noId), /unknown kind 0/],
    ['an unknown kind', frame(13, 0, noId), /unknown kind 13/],
    ['a flag that the kind does not have', frame(6, 0x01, id), /flags 0x01 on a frame of kind 6/],
    ['an unknown flag', frame(2, 0x80, id), /flags 0x80/],
    ['an id where there is none', frame(11, 0, id), /id 7/],
    ['an id on an event', frame(3, 0, id, [0, 1], 'a'), /id 7/],
    ['fields that are cut off', frame(2, 0, id, [0, 0]), /2 bytes early/],
    [
      'a string that is longer than its frame',
      frame(2, 0, id, noId, [0, 9], 'abc'),
      /9 bytes in a frame that has 3 left/,
    ],
    ['bytes after the end', frame(6, 0, id, 1), /1 bytes too many/],
    ['a body without a flag', frame(4, 0, id, 'body'), /4 bytes too many/],
    ['a body that is both text and bytes', frame(4, 0x03, id, 'body'), /both text and bytes/],
    ['a pattern that is not UTF-8', frame(2, 0, id, noId, [0, 2], [0xc3, 0x28]), /not UTF-8/],
    ['a text body that is not UTF-8', frame(4, 0x01, id, [0xff]), /not UTF-8/],
    ['an overlong encoding', frame(4, 0x01, id, [0xc0, 0x80]), /not UTF-8/],
    ['an encoded surrogate', frame(4, 0x01, id, [0xed, 0xa0, 0x80]), /not UTF-8/],
    ['a header beyond the headers', frame(2, 0x08, id, noId, [0, 1], 'p', [0, 4], [0, 1], 'a', [0, 1], 'b'), /header/],
    ['a credit that no number holds', frame(9, 0, id, [0xff, 0, 0, 0, 0, 0, 0, 0]), /2\^53/],
    ['a goAway that is two things', frame(10, 0x03, noId, [0, 0], [0, 0]), /both now and done/],
    ['another magic', frame(1, 0, noId, 'HTTP', [1, 0], [0, 0, 1, 0], [0, 0]), /does not speak Parley/],
    ['another major version', frame(1, 0, noId, 'PRLY', [2, 5], 'whatever it has then'), /version 2\.5 .* this one 1/],
    ['an empty hello', frame(1, 0, noId), /does not speak Parley/],
  ])('refuses %s', (_, bytes, why) => {
    expect(() => decode(bytes)).toThrowError(why);
  });

  it('refuses a body over the limit', () => {
    expect(() => decode(encode(request(1, new Uint8Array(maxBody + 1))))).toThrowError(/limit is 1048576/);
    expect(decode(encode(request(1, 'x'.repeat(maxBody))))).toHaveLength(1);
  });

  it('ignores what a later minor version adds to the hello', () => {
    const bytes = frame(1, 0, noId, 'PRLY', [1, 9], [0, 0, 1, 0], [0, 2], 'me', 'and more');
    expect(decode(bytes)).toEqual([{ kind: 'hello', major: 1, minor: 9, maxBody: 256, name: 'me' }]);
  });

  it.each([
    ['an empty pattern', request(5, '', { pattern: '' }), /empty/],
    ['a pattern that is too long', request(5, '', { pattern: 'p'.repeat(1025) }), /longer than 1024/],
    ['an upper case header', request(5, '', { headers: { Big: '' } }), /lower case/],
    ['a reserved header', request(5, '', { headers: { 'parley-x': '' } }), /reserved/],
    ['headers over 8 KiB', request(5, '', { headers: { a: 'x'.repeat(8192) } }), /8192/],
    [
      'many small headers',
      request(5, '', { headers: Object.fromEntries(range(3000).map((n) => [`h${n}`, ''])) }),
      /8192/,
    ],
  ])('refuses %s for that call alone', (_, sent, why) => {
    const [refused, next] = decode(encode(sent, request(6)));
    expect(refused).toMatchObject({
      kind: 'refused',
      id: 5,
      reason: { code: 400, message: expect.stringMatching(why) },
    });
    expect(next).toMatchObject({ kind: 'request', id: 6 });
  });

  it('refuses an event of that kind alone, too', () => {
    expect(decode(encode(event('', { pattern: '' })))).toMatchObject([{ kind: 'refused', id: undefined }]);
  });

  it('refuses a header that comes twice', () => {
    const twice = frame(2, 0x08, id, noId, [0, 1], 'p', [0, 10], [0, 1], 'a', [0, 0], [0, 1], 'a', [0, 0]);
    expect(decode(twice)).toMatchObject([{ kind: 'refused', id: 7, reason: { message: /twice/ } }]);
  });

  it('takes any name of a header without harm', () => {
    const [decoded] = decode(encode(request(1, '', { headers: Object.fromEntries([['__proto__', 'x']]) })));
    expect(decoded !== undefined && 'headers' in decoded && Object.entries(decoded.headers ?? {})).toEqual([
      ['__proto__', 'x'],
    ]);
    expect(Object.getPrototypeOf({})).not.toBe('x');
  });

  it('gives U+FFFD as it was sent, and text of all kinds', () => {
    for (const text of ['', '\ufffd', 'a\u0000b', '\ufeffbom', 'äöü', '日本語', '🎉'.repeat(3)]) {
      expect(decode(encode(request(1, text)))).toMatchObject([{ body: text }]);
    }
  });

  it('tells no body from an empty one, and text from bytes', () => {
    const bodies = [undefined, '', new Uint8Array(0)].map((body) => request(1, body));
    expect(decode(encode(...bodies)).map((decoded) => 'body' in decoded && decoded.body)).toStrictEqual([
      undefined,
      '',
      new Uint8Array(0),
    ]);
  });

  it('does not let a small body keep a large chunk', () => {
    const chunk = encode(request(1, new Uint8Array(10)), request(2, new Uint8Array(40_000)));
    const [small, large] = decode(chunk);
    expect(small !== undefined && 'body' in small && (small.body as Uint8Array).buffer.byteLength).toBe(10);
    expect(large !== undefined && 'body' in large && (large.body as Uint8Array).buffer.byteLength).toBe(chunk.length);
  });
});

describe('StringCache', () => {
  it('gives the same text for the same bytes, and keeps no more than its slots', () => {
    const strings = new StringCache();
    for (const count of [5000, 40_000, 5000]) {
      for (let n = 0; n < count; n += 1) {
        const bytes = Buffer.from(`.pattern.${n}.`);
        expect(strings.read(bytes, 1, bytes.length - 1)).toBe(`pattern.${n}`);
      }
    }
    expect(strings.read(Buffer.from([0xff]), 0, 1)).toBeUndefined();
    expect(strings.read(Buffer.alloc(0), 0, 0)).toBe('');
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
