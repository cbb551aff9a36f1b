import { describe, expect, it } from 'vitest';
import { errorToWire, RpcException } from '../errors/index.ts';
import {
  type DeadLetterFilter,
  errorOfDeadLetter,
  fitsDeadLetterFilter,
  messageOfDeadLetter,
  readDeadLetterFilter,
  selectedDeadLetters,
} from './dead-letters.ts';

const letter = { group: 'orders', kind: 'event', pattern: 'paid' } as const;
const read = (filter: unknown, group?: string) => readDeadLetterFilter('pigeon', filter as DeadLetterFilter, group);

describe('a filter of dead letters', () => {
  it.each<[DeadLetterFilter, boolean]>([
    [{}, true],
    [{ group: 'orders' }, true],
    [{ kind: 'event', pattern: 'paid' }, true],
    [{ group: 'other' }, false],
    [{ kind: 'message' }, false],
    [{ group: 'orders', pattern: 'other' }, false],
  ])('%j fits a letter: %s', (filter, fits) => {
    expect(fitsDeadLetterFilter(letter, read(filter))).toBe(fits);
  });

  it('means the group of the options unless it names another, also where it gives it as undefined', () => {
    for (const filter of [{}, { group: undefined }, { group: undefined, pattern: 'paid' }]) {
      expect(read(filter, 'mine')).toMatchObject({ group: 'mine' });
    }
    expect(read({ group: 'other' }, 'mine')).toMatchObject({ group: 'other' });
  });

  it.each<[unknown, string]>([
    [{ pattern: undefined }, 'the option "pattern" must be left out to mean all, got undefined'],
    [{ kind: undefined }, 'the option "kind" must be left out to mean all'],
    [{ kind: null }, 'the option "kind" must be left out to mean all'],
    [{ group: undefined }, 'the option "group" must be left out to mean all'],
    [{ pattern: '' }, 'the option "pattern" must be a non-empty string, got ""'],
    [{ pattern: 5 }, 'the option "pattern" must be a non-empty string'],
    [{ kind: 'request' }, 'the option "kind" must be one of "message", "event"'],
    [{ patern: 'paid' }, 'there is no option "patern"'],
    [null, 'give the dead letters, or a filter of them'],
    ['paid', 'give the dead letters, or a filter of them'],
    [Promise.resolve([]), 'give the dead letters, or a filter of them'],
    [new Map([['pattern', 'paid']]), 'give the dead letters, or a filter of them'],
  ])('%o is refused: %s', (filter, message) => {
    expect(() => read(filter)).toThrow(
      expect.objectContaining({ code: 400, message: expect.stringContaining(message) as string }),
    );
    expect(() => read(filter)).toThrow(RpcException);
  });
});

describe('which dead letters are meant', () => {
  const list = (filter: DeadLetterFilter) => {
    const wanted = read(filter);
    return (async function* () {
      if (fitsDeadLetterFilter(letter, wanted)) yield letter;
    })();
  };
  const selected = (which: unknown) => Array.fromAsync(selectedDeadLetters('pigeon', which as DeadLetterFilter, list));

  it.each([[[letter]], [new Set([letter])], [{ group: 'orders' }], [{}]])('%o', async (which) => {
    expect(await selected(which)).toEqual([letter]);
  });

  it('those of a list that is not read yet, and no others', async () => {
    expect(await selected(list({ group: 'orders' }))).toEqual([letter]);
    expect(await selected(list({ group: 'other' }))).toEqual([]);
  });

  it.each([[undefined], [null], [5], ['paid'], [Promise.resolve([letter])], [{ pattern: undefined }]])(
    '%o is refused',
    async (which) => {
      await expect((async () => selected(which))()).rejects.toMatchObject({ code: 400 });
    },
  );
});

describe('what a dead letter says', () => {
  it.each<[string, unknown]>([
    [
      errorToWire(new RpcException('No', { code: 409, metadata: { a: 1 } })),
      { error: 'No', code: 409, metadata: { a: 1 } },
    ],
    ['no json', { error: 'no json', code: 500 }],
    ['[1]', { error: '[1]', code: 500 }],
    ['null', { error: 'null', code: 500 }],
    ['', { error: '', code: 500 }],
  ])('of its error %s: %j', (text, error) => {
    expect(errorOfDeadLetter(text)).toEqual(error);
  });

  it('of its message: what could be read', () => {
    const event = { kind: 'event', pattern: 'paid', headers: { a: 'b' }, contentType: 'x/y', body: '1' } as const;
    const nothing = { headers: undefined, contentType: undefined, body: undefined };
    expect(messageOfDeadLetter(() => event as never)).toEqual({ headers: { a: 'b' }, contentType: 'x/y', body: '1' });
    const reason = new RpcException('too large', { code: 413 });
    expect(messageOfDeadLetter(() => ({ kind: 'refused', id: undefined, reason }))).toEqual(nothing);
    expect(
      messageOfDeadLetter(() => {
        throw reason;
      }),
    ).toEqual(nothing);
  });
});
