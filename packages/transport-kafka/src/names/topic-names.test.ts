import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escape, unescape } from './escape.ts';
import { maxTopicLength, TopicNames } from './topic-names.ts';

const names = new TopicNames('');
/** Texts that look like escapes, suffixes and the library's own names, and any other. */
const pattern = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc
      .array(
        fc.constantFrom('_', 'x', '_x', '4', '1', 'A', 'C3', '.', '.rpc', '.dlt', 'parley.', 'é', '💥', '/', '{"a":1}'),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((parts) => parts.join('')),
  )
  .filter((text) => text.isWellFormed());

describe('the topic of an event', () => {
  it.each([
    ['user.created', 'user.created'],
    ['user_created', 'user_created'],
    ['user-created_x', 'user-created_x'],
    ['a_x4', 'a_x4'],
    ['a_xZZ_', 'a_xZZ_'],
    ['a/b', 'a_x2F_b'],
    ['é', '_xC3__xA9_'],
    ['_x41_', '_x5F_x41_'],
    ['_x41é', '_x5F_x41_xC3__xA9_'],
    ['{"a":1}', '_x7B__x22_a_x22__x3A_1_x7D_'],
    ['7', '7'],
    ['.', '_x2E_'],
    ['..', '_x2E__x2E_'],
    ['...', '...'],
    ['a.rpc', 'a_x2E_rpc'],
    ['.dlt', '_x2E_dlt'],
    ['_x41.rpc', '_x5F_x41_x2E_rpc'],
    ['parley.replies.users', 'parley_x2E_replies.users'],
    ['__consumer_offsets', '_x5F__consumer_offsets'],
  ])('%j is %s', (text, topic) => {
    expect(names.event(text)).toBe(topic);
    expect(names.eventOf(topic)).toBe(text);
  });

  it('is legal, leads back to its pattern, and is of no other kind', () => {
    fc.assert(
      fc.property(pattern, (text) => {
        const topic = names.event(text);
        expect(topic).toMatch(/^[A-Za-z0-9._-]+$/);
        expect(topic).not.toMatch(/^\.{1,2}$|^__(?!x)|^parley\.|\.rpc$|\.dlt$/);
        expect(new TopicNames('').eventOf(topic)).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  it('is another one for another pattern, and for a message of the same', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        expect(names.event(one) === names.event(other)).toBe(one === other);
        expect(names.requests(one) === names.requests(other)).toBe(one === other);
        expect(names.requests(one)).not.toBe(names.event(other));
        expect(names.deadLetters(names.event(one))).not.toBe(names.event(other));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['a.rpc', 'a.dlt', 'parley.control', '__consumer_offsets', '_xC3_', 'a_x41_', ''])(
    'is none of these, however they came to be: %j',
    (topic) => {
      expect(names.eventOf(topic)).toBeUndefined();
    },
  );

  it('may be any name at all without a pattern being read out of it that is not there', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,30}$/), (topic) => {
        const text = names.eventOf(topic);
        if (text !== undefined) expect(names.event(text)).toBe(topic);
      }),
    );
  });
});

it('unescapes what was escaped, wherever more is to be escaped', () => {
  fc.assert(
    fc.property(pattern, fc.array(fc.nat(8)), (text, telling) => {
      expect(unescape(escape(text, telling))).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

it('all begin with the prefix, and those without it are not ours', () => {
  const prefixed = new TopicNames('shop-');
  expect(prefixed.event('a')).toBe('shop-a');
  expect(prefixed.requests('a')).toBe('shop-a.rpc');
  expect(prefixed.replies('users/v1')).toBe('shop-parley.replies.users_x2F_v1');
  expect(prefixed.isReplies('shop-parley.replies.users')).toBe(true);
  for (const topic of ['parley.replies.users', 'shop-parley.control', 'shop-a'])
    expect(prefixed.isReplies(topic)).toBe(false);
  expect(prefixed.control).toBe('shop-parley.control');
  expect(prefixed.eventOf('shop-a')).toBe('a');
  expect(prefixed.eventOf('a')).toBeUndefined();
  expect(prefixed.eventOf('shop-parley.control')).toBeUndefined();
  expect(prefixed.isDeadLetters('shop-a.dlt')).toBe(true);
  expect(prefixed.isDeadLetters('a.dlt')).toBe(false);
});

describe('the longest name', () => {
  it('is 249 characters, suffix included', () => {
    expect(names.event('x'.repeat(maxTopicLength))).toHaveLength(249);
    expect(names.requests('x'.repeat(maxTopicLength - 4))).toHaveLength(249);
    const bad = { code: 400, message: expect.stringMatching(/250 characters.*249/) as string };
    expect(() => names.event('x'.repeat(250))).toThrow(expect.objectContaining(bad) as Error);
    expect(() => names.requests('x'.repeat(246))).toThrow(expect.objectContaining(bad) as Error);
    expect(() => names.replies('x'.repeat(235))).toThrow(expect.objectContaining(bad) as Error);
  });

  it('still has dead letters, which two long names do not share', () => {
    const one = names.deadLetters(`${'x'.repeat(248)}1`);
    const other = names.deadLetters(`${'x'.repeat(248)}2`);
    expect(one).toHaveLength(249);
    expect(one).toMatch(/^x+-[0-9a-f]{16}\.dlt$/);
    expect(one).not.toBe(other);
    expect(names.deadLetters('a')).toBe('a.dlt');
  });
});
