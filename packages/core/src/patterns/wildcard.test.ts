import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWildcard, wildcardMatcher } from './wildcard.ts';

describe('a wildcard', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything at all', true],
    ['user.*', 'user.', true],
    ['user.*', 'user.created', true],
    ['user.*', 'user.address.changed', true],
    ['user.*', 'users.created', false],
    ['user.*', 'user', false],
    ['*.created', 'user.created', true],
    ['*.created', '.created', true],
    ['*.created', 'created', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-c-b', false],
    ['a**b', 'ab', true],
    ['**', '', true],
    ['a.*', 'a\nb', false],
    ['a.*', 'a.\n', true],
    ['(a+)+*', '(a+)+!', true],
    ['[*]', '[x]', true],
    ['?*', 'x', false],
    ['💥*', '💥!', true],
  ])('%j and the key %j: %s', (pattern, key, matches) => {
    expect(wildcardMatcher(pattern)(key)).toBe(matches);
  });

  it('matches as the regular expression with `.*` for each `*` does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 }).filter(isWildcard);
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
    fc.assert(
      fc.property(text, key, (pattern, key) => {
        const reference = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(wildcardMatcher(pattern)(key)).toBe(reference.test(key));
      }),
      { numRuns: 2000 },
    );
  });

  it('matches every key that is made by filling it in', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1 }), fc.string(), (parts, tail) => {
        const pattern = `${parts.map(([fixed]) => `${fixed.replaceAll('*', '')}*`).join('')}${tail.replaceAll('*', '')}`;
        const key = parts.map(([fixed, run]) => fixed.replaceAll('*', '') + run).join('') + tail.replaceAll('*', '');
        expect(wildcardMatcher(pattern)(key)).toBe(true);
      }),
    );
  });

  it('takes no time on patterns that choke regular expressions', () => {
    const matches = wildcardMatcher(`${'*a'.repeat(400)}*b`);
    const began = performance.now();
    for (let round = 0; round < 1000; round += 1) expect(matches('a'.repeat(1024))).toBe(false);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

it.each([
  ['*', true],
  ['a.*.b', true],
  ['a', false],
  ['', false],
  [{ a: '*' }, false],
  [undefined, false],
])('isWildcard(%j): %s', (pattern, expected) => {
  expect(isWildcard(pattern)).toBe(expected);
});
