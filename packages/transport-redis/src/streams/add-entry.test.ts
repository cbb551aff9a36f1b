import * as fc from 'fast-check';
import { Command } from 'ioredis';
import { expect, it } from 'vitest';
import { addEntry, openingOf } from './add-entry.ts';

const ignore = () => undefined;

/** As ioredis itself would write it. */
function written(...args: (string | Buffer)[]): string | Buffer {
  return new Command('xadd', args).toWritable({});
}

it('writes an entry as ioredis would', () => {
  const text = fc.string({ unit: 'binary' });
  const limit = fc.constantFrom([], ['MAXLEN', '~', '100000'], ['MINID', '~', '1526919030474']);
  fc.assert(
    fc.property(text, limit, text, text, (key, limit, head, body) => {
      const opening = openingOf(key, limit);
      const start = [key, ...limit, '*', 'h', head];
      expect(addEntry(opening, head, body, ignore).toWritable({})).toBe(written(...start, 'b', body));
      expect(addEntry(opening, head, undefined, ignore).toWritable({})).toBe(written(...start));
      const bytes = Buffer.from(body);
      expect(addEntry(opening, head, bytes, ignore).toWritable({})).toEqual(written(...start, 'b', bytes));
    }),
  );
});

it('says which key it is for: in a cluster it goes to who has that', () => {
  expect(addEntry(openingOf('p:m:{x}', []), '[1]', 'body', ignore).getKeys()).toEqual(['p:m:{x}']);
});
