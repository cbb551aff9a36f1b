import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bag, type Placed } from './bag.ts';

class Thing implements Placed {
  place = 0;
}

it('has what was added and not deleted, whatever the order', () => {
  const changes = fc.array(fc.record({ thing: fc.nat(9), isThere: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(changes, (all) => {
      const things = Array.from({ length: 10 }, () => new Thing());
      const bag = new Bag<Thing>();
      const expected = new Set<Thing>();
      for (const change of all) {
        const thing = things[change.thing] as Thing;
        expect(bag.has(thing)).toBe(expected.has(thing));
        if (!change.isThere) expect(bag.delete(thing)).toBe(expected.delete(thing));
        else if (!expected.has(thing)) {
          bag.add(thing);
          expected.add(thing);
        }
        expect(bag.size).toBe(expected.size);
        expect(new Set(bag.all)).toEqual(expected);
      }
    }),
  );
});
