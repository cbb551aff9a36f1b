import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionOffsets, type Slot } from './partition-offsets.ts';

function slot(offset: number, timestamp = offset): Slot {
  return { offset, timestamp, state: 'open' };
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
  for (const one of slots) if (one?.state === 'open') one.state = 'done';
}

describe('the offsets of a partition', () => {
  it('are committed up to the first that is not done', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
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

  it('know what others have committed meanwhile, before a record comes: it is not to be settled here any more', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [a, b] = take(offsets, 10, 11);
    if (a === undefined || b === undefined) throw new Error('not taken');
    offsets.unassigned();
    expect([offsets.holds(a), offsets.holds(b)]).toEqual([true, true]);
    offsets.assigned(11);
    expect([offsets.holds(a), offsets.holds(b)]).toEqual([false, true]);
    expect(offsets.isNew(11, 11)).toBe(false);
    finish(b);
    expect(offsets.toCommit()).toBe(12);
  });

  it('know a record that comes again after a rebalance: it is being handled, or is done', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [a, b] = take(offsets, 1, 2, 3);
    finish(b);
    offsets.assigned(0);
    expect(take(offsets, 1, 2, 3, 4).map(({ offset }) => offset)).toEqual([4]);
    finish(a);
    expect(offsets.toCommit()).toBe(3);
  });

  it('do not commit what others may have overtaken, before the first record tells', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    finish(...take(offsets, 1, 2));
    offsets.assigned(0);
    expect(offsets.toCommit()).toBeUndefined();
    const [next] = take(offsets, 90);
    expect(offsets.toCommit()).toBeUndefined();
    finish(next);
    expect(offsets.toCommit()).toBe(91);
  });

  it('of another instance’s time are not held up by what is still open here', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [stale] = take(offsets, 1);
    offsets.assigned(0);
    finish(...take(offsets, 50));
    expect(offsets.toCommit()).toBe(51);
    finish(stale);
    expect(offsets.toCommit()).toBe(51);
  });

  it('begin anew with a topic that was deleted and made anew', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    finish(...take(offsets, 0, 1, 2));
    expect(offsets.isNew(0, 777)).toBe(true);
    const first = slot(0, 777);
    offsets.add(first);
    expect(offsets.toCommit()).toBeUndefined();
    finish(first);
    expect(offsets.toCommit()).toBe(1);
  });

  it('do not pass what was given back before core had it, and know it when it comes again', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [a, b, c] = take(offsets, 10, 11, 12);
    if (b !== undefined) b.state = 'waiting';
    expect(offsets.dropWaiting()).toEqual([b]);
    finish(a, c);
    expect(offsets.toCommit()).toBe(11);
    offsets.assigned(0);
    expect(take(offsets, 11, 12, 13).map(({ offset }) => offset)).toEqual([11, 13]);
    expect(offsets.toCommit()).toBeUndefined();
  });

  it('go on when Kafka has removed what was to come again', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [a, b] = take(offsets, 10, 11);
    if (b !== undefined) b.state = 'waiting';
    offsets.dropWaiting();
    offsets.assigned(0);
    const [c] = take(offsets, 10, 12);
    finish(a, c);
    expect(offsets.toCommit()).toBe(13);
  });

  it('of a partition that went and came back are those of its new time', () => {
    const offsets = new PartitionOffsets<Slot>();
    offsets.assigned(0);
    const [a, b] = take(offsets, 10, 11);
    if (b !== undefined) b.state = 'waiting';
    offsets.dropWaiting();
    offsets.unassigned();
    finish(a);
    expect(offsets.toCommit()).toBeUndefined();
    offsets.assigned(0);
    expect(take(offsets, 10, 11).map(({ offset }) => offset)).toEqual([11]);
    expect(offsets.toCommit()).toBe(11);
  });

  it('never pass one that is not done, nor go back, nor take one twice, whatever is done when', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant('finish' as const), which: fc.nat(50) }),
      fc.record({ do: fc.constant('commit' as const) }),
      fc.record({ do: fc.constant('rebalance' as const), drop: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const offsets = new PartitionOffsets<Slot>();
        const taken = new Map<number, Slot>();
        let stored = 0;
        let position = 0;
        offsets.assigned(0);
        for (const one of steps) {
          if (one.do === 'take') {
            const at = Array.from({ length: one.count }, (_, index) => position + index);
            for (const fresh of take(offsets, ...at)) {
              expect(taken.get(fresh.offset)?.state ?? 'dropped').toBe('dropped');
              taken.set(fresh.offset, fresh);
            }
            position += one.count;
          } else if (one.do === 'finish') finish([...taken.values()][one.which]);
          else if (one.do === 'commit') {
            const offset = offsets.toCommit();
            if (offset === undefined) continue;
            expect(offset).toBeGreaterThan(stored);
            for (const before of taken.values()) if (before.offset < offset) expect(before.state).toBe('done');
            stored = offset;
            offsets.committed(offset);
          } else {
            for (const waiting of [...taken.values()].slice(one.drop))
              if (waiting.state === 'open') waiting.state = 'waiting';
            offsets.dropWaiting();
            if (one.drop % 2 === 0) offsets.unassigned();
            offsets.assigned(0);
            position = stored;
          }
        }
        // All that is left can be ended and committed.
        if (position > stored) {
          for (const fresh of take(offsets, ...Array.from({ length: 500 }, (_, index) => position + index)))
            finish(fresh);
          finish(...taken.values());
          expect(offsets.toCommit()).toBe(position + 500);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
