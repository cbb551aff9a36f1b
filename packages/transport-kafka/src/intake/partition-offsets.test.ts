import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionOffsets, type Slot } from './partition-offsets.ts';

function slot(offset: number, timestamp = offset): Slot & { isHanded: boolean } {
  return { offset, timestamp, isHanded: true, isDone: false };
}

/** Takes records as an intake does. */
function take(offsets: PartitionOffsets<Slot>, ...at: number[]): Slot[] {
  return at.flatMap((offset) => {
    if (!offsets.isNew(offset, offset)) return [];
    const taken = slot(offset);
    offsets.add(taken);
    return [taken];
  });
}

function finish(...slots: (Slot | undefined)[]): void {
  for (const one of slots) if (one !== undefined) one.isDone = true;
}

describe('the offsets of a partition', () => {
  it('are committed up to the first that is not done', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned();
    const [a, b, c] = take(offsets, 10, 11, 15);
    expect(offsets.toCommit()).toBeUndefined();
    finish(b);
    expect(offsets.toCommit()).toBeUndefined();
    finish(a);
    expect(offsets.toCommit()).toBe(12);
    offsets.committed(12);
    expect(offsets.toCommit()).toBeUndefined();
    finish(c);
    expect(offsets.toCommit()).toBe(16);
  });

  it('know a record that comes again after a rebalance: it is being handled, or is done', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned();
    const [a, b] = take(offsets, 1, 2, 3);
    finish(b);
    offsets.assigned();
    expect(take(offsets, 1, 2, 3, 4).map(({ offset }) => offset)).toEqual([4]);
    finish(a);
    expect(offsets.toCommit()).toBe(3);
  });

  it('do not commit what others may have overtaken, before the first record tells', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned();
    finish(...take(offsets, 1, 2));
    offsets.assigned();
    expect(offsets.toCommit()).toBeUndefined();
    const [next] = take(offsets, 90);
    expect(offsets.toCommit()).toBeUndefined();
    finish(next);
    expect(offsets.toCommit()).toBe(91);
  });

  it('of another instance’s time are not held up by what is still open here', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned();
    const [stale] = take(offsets, 1);
    offsets.assigned();
    finish(...take(offsets, 50));
    expect(offsets.toCommit()).toBe(51);
    finish(stale);
    expect(offsets.toCommit()).toBe(51);
  });

  it('begin anew with a topic that was deleted and made anew', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned();
    finish(...take(offsets, 0, 1, 2));
    expect(offsets.isNew(0, 777)).toBe(true);
    const first = slot(0, 777);
    offsets.add(first);
    expect(offsets.toCommit()).toBeUndefined();
    finish(first);
    expect(offsets.toCommit()).toBe(1);
  });

  it('forget what core does not have, so that it is new when it comes again', () => {
    const offsets = new PartitionOffsets<Slot & { isHanded: boolean }>();
    offsets.assigned();
    for (const offset of [1, 2, 3])
      if (offsets.isNew(offset, offset)) offsets.add({ ...slot(offset), isHanded: offset === 1 });
    expect(offsets.forgetWaiting().map(({ offset }) => offset)).toEqual([2, 3]);
    expect(offsets.isBusy).toBe(true);
    expect([1, 2, 3].map((offset) => offsets.isNew(offset, offset))).toEqual([false, true, true]);
  });

  it('never pass one that is not done, nor go back, nor take one twice, whatever is done when', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant('finish' as const), which: fc.nat(50) }),
      fc.record({ do: fc.constant('commit' as const) }),
      fc.record({ do: fc.constant('rebalance' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const offsets = new PartitionOffsets<Slot>();
        const taken = new Map<number, Slot>();
        let stored = 0;
        let position = 0;
        offsets.assigned();
        for (const one of steps) {
          if (one.do === 'take') {
            const at = Array.from({ length: one.count }, (_, index) => position + index);
            for (const fresh of take(offsets, ...at)) {
              expect(taken.has(fresh.offset)).toBe(false);
              taken.set(fresh.offset, fresh);
            }
            position += one.count;
          } else if (one.do === 'finish') finish([...taken.values()][one.which]);
          else if (one.do === 'commit') {
            const offset = offsets.toCommit();
            if (offset === undefined) continue;
            expect(offset).toBeGreaterThan(stored);
            for (const before of taken.values()) if (before.offset < offset) expect(before.isDone).toBe(true);
            stored = offset;
            offsets.committed(offset);
          } else {
            offsets.assigned();
            position = stored;
          }
        }
        // All that is left can be ended and committed.
        if (position > stored) {
          finish(...taken.values());
          for (const fresh of take(offsets, position)) finish(fresh);
          expect(offsets.toCommit()).toBeGreaterThan(position);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
