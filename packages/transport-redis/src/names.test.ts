import { wildcardMatcher } from '@parley/core/transport';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPrefix, Names } from './names.ts';

const names = new Names('parley:');

/** Every text that can be a pattern, with what is special to Redis more often than chance has it. */
const pattern = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('{', '}', '%', '*', '?', '[', ']', '\\', '^', ':', 'm', 'é', '\n'),
      minLength: 1,
    }),
    fc.object().map((object) => JSON.stringify(object)),
  )
  .filter((text) => text.isWellFormed() && text !== '');

describe('channels', () => {
  it.each([
    ['message', 'parley:m:users.get'],
    ['event', 'parley:e:users.get'],
    ['inbox', 'parley:i:users.get'],
    ['control', 'parley:c:users.get'],
  ] as const)('of a %s are called %s', (kind, name) => {
    expect(names.channel(kind, 'users.get')).toBe(name);
  });

  it('lead back to what they are for', () => {
    fc.assert(
      fc.property(fc.constantFrom('message', 'event', 'inbox', 'control'), pattern, (kind, of) => {
        expect(names.read(names.channel(kind, of))).toEqual({ kind, of });
      }),
    );
  });

  it.each([
    '',
    'parley',
    'parley:',
    'parley:m',
    'parley:mx',
    'parley:x:a',
    'other:m:a',
    'parleyzm:a',
    'parley:__proto__:a',
  ])('that are not ours are nobody’s: %j', (channel) => {
    expect(names.read(channel)).toBeUndefined();
  });
});

describe('globs', () => {
  it('escape everything but the stars, in the prefix, too', () => {
    expect(new Names('a*[b]:').eventGlob('user.*.[x]?\\^')).toBe('a\\*\\[b\\]:e:user.*.\\[x\\]\\?\\\\\\^');
  });

  it('match what the wildcard matches, as Redis matches', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '*', '?', '[', ']', '\\', '^', '-', '.') }).map((text) => `${text}*`),
        pattern,
        (wildcard, event) => {
          expect(globMatches(names.eventGlob(wildcard), names.channel('event', event))).toBe(
            wildcardMatcher(wildcard)(event),
          );
        },
      ),
    );
  });

  it('never match an inbox, a message or a control channel', () => {
    for (const wildcard of ['*', '**', '*:*', 'i:*', '*i:*']) {
      for (const kind of ['inbox', 'message', 'control'] as const) {
        expect(globMatches(names.eventGlob(wildcard), names.channel(kind, 'x'))).toBe(false);
      }
    }
  });
});

describe('streams', () => {
  it('keep the pattern readable', () => {
    expect(names.stream('message', 'users.get')).toBe('parley:m:{users.get}');
    expect(names.stream('event', '{"cmd":"x"}')).toBe('parley:e:{{"cmd":"x"%7D}');
  });

  it('lead back to their pattern', () => {
    fc.assert(
      fc.property(fc.constantFrom('message', 'event'), pattern, (kind, of) => {
        expect(names.readStream(names.stream(kind, of))).toEqual({ kind, pattern: of });
      }),
    );
  });

  it('share a slot with their dead letters, whatever is in the pattern or the prefix', () => {
    fc.assert(
      fc.property(fc.constantFrom('parley:', '', '{all}:', 'a{b}c'), pattern, (prefix, of) => {
        const some = new Names(prefix);
        const stream = some.stream('event', of);
        expect(hashTag(some.deadLetters(stream))).toBe(hashTag(stream));
        expect(hashTag(stream)).not.toBe(undefined);
      }),
    );
  });

  it.each([
    'parley:m:users',
    'parley:m:{}',
    'parley:m:{a',
    'parley:i:{a}',
    'parley:m:{a}b}',
    'parley:m:{a%7}',
    'parley:m:{%zz}',
  ])('that are not ours are nobody’s: %j', (key) => {
    expect(names.readStream(key)).toBeUndefined();
  });
});

describe('a prefix', () => {
  it.each(['parley:', '', '{a}', 'x{y}z', 'é'])('may be %j', (prefix) => {
    expect(checkPrefix(prefix)).toBe(prefix);
  });

  it.each(['{', '}', '{}', 'a{', '{a}{b}', '}a{', '\ud800', 'x'.repeat(257)])('may not be %j', (prefix) => {
    expect(() => checkPrefix(prefix)).toThrow(/"prefix"/);
  });
});

/** What decides on the slot: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags */
function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return open < 0 || close < 0 || close === open + 1 ? undefined : key.slice(open + 1, close);
}

/** Redis's `stringmatchlen` for what we write: stars, and backslashes before what is meant literally. */
function globMatches(glob: string, text: string): boolean {
  const source = glob.replace(/\\([\s\S])|(\*)|([\s\S])/g, (_, escaped, star, plain) =>
    star === undefined ? (escaped ?? plain).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') : '[^]*',
  );
  return new RegExp(`^${source}$`).test(text);
}
