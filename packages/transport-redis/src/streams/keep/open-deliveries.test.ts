import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConsumedStream } from './consumed-stream.ts';
import { StreamDelivery } from './stream-delivery.ts';

const settling = {
  settle: () => undefined,
  settleFirst: () => Promise.resolve(true),
  isOurs: () => Promise.resolve(true),
  bury: () => Promise.resolve(),
};

it('has what was added and not deleted, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), (places) => {
      const stream = new ConsumedStream('k', 'message', 'p');
      const made = Array.from({ length: 10 }, (_, id) => new StreamDelivery(settling, stream, `${id}-0`, [], 1));
      const expected = new Set<StreamDelivery>();
      for (const place of places) {
        const delivery = made[place] as StreamDelivery;
        if (expected.delete(delivery)) expect(stream.open.delete(delivery)).toBe(true);
        else {
          expect(stream.open.delete(delivery)).toBe(false);
          stream.open.add(delivery);
          expected.add(delivery);
        }
        for (const one of made) {
          expect(stream.open.has(one)).toBe(expected.has(one));
          expect(stream.open.find(one.id)).toBe(expected.has(one) ? one : undefined);
        }
        expect(new Set(stream.open.all)).toEqual(expected);
      }
    }),
  );
});
