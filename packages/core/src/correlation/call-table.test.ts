import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallId } from '../envelope/index.ts';
import { CallTable } from './call-table.ts';

interface Call {
  readonly id: CallId;
}

class Model {
  readonly table = new CallTable<Call>();
  readonly expected = new Map<CallId, Call>();
  readonly gone: Call[] = [];

  check(): void {
    expect(this.table.size).toBe(this.expected.size);
  }

  checkAll(): void {
    this.check();
    const expected = new Set(this.expected.values());
    expect(this.table.all()).toHaveLength(expected.size);
    expect(new Set(this.table.all())).toEqual(expected);
    const visited: Call[] = [];
    this.table.forEach((call) => visited.push(call));
    expect(visited).toEqual(this.table.all());
    for (const call of this.expected.values()) expect(this.table.get(call.id)).toBe(call);
    for (const call of this.gone) expect(this.table.get(call.id)).toBe(this.expected.get(call.id));
  }

  add(id: CallId): void {
    const call = { id };
    const isFree = !this.expected.has(id);
    expect(this.table.add(call)).toBe(isFree);
    if (isFree) this.expected.set(id, call);
    else expect(this.table.get(id)).toBe(this.expected.get(id));
  }

  addOwn(): void {
    const id = this.table.nextId();
    expect(this.expected.has(id)).toBe(false);
    this.add(id);
  }

  delete(index: number): void {
    const call = [...this.expected.values()][index % Math.max(1, this.expected.size)];
    if (call === undefined) return;
    expect(this.table.delete(call)).toBe(true);
    this.expected.delete(call.id);
    this.gone.push(call);
    expect(this.table.delete(call)).toBe(false);
    // Another call of the same id is not this one.
    expect(this.table.delete({ id: call.id })).toBe(false);
  }
}

/** Ids of a peer: those that share slots, those of a hostile one, and text. */
const foreignId: fc.Arbitrary<CallId> = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 5 }).map((times) => times * 64),
  fc.constantFrom(2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1, 2 ** 40, -1, -64, 1.5, Number.POSITIVE_INFINITY),
  fc.constantFrom('', '1', 'inbox/1', '__proto__'),
);

describe('a call table behaves as a Map does', () => {
  const action = fc.oneof(
    foreignId.map((id) => (model: Model) => model.add(id)),
    fc.constant((model: Model) => model.addOwn()),
    fc.nat().map((index) => (model: Model) => model.delete(index)),
  );

  it('whatever is added and deleted, own ids and foreign ones', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300, size: 'max' }), (actions) => {
        const model = new Model();
        for (const act of actions) {
          act(model);
          model.check();
        }
        model.checkAll();
      }),
      { numRuns: 200 },
    );
  });

  it('when it grows to thousands of calls and empties again', () => {
    const model = new Model();
    for (let count = 0; count < 5000; count += 1) model.addOwn();
    model.checkAll();
    for (let count = 0; count < 4990; count += 1) model.delete(0);
    model.gone.length = 0;
    model.checkAll();
    for (let count = 0; count < 100; count += 1) model.addOwn();
    model.checkAll();
  });
});

describe('ids', () => {
  it('are distinct from those of the calls in the table, with some calls that stay for ever', () => {
    const table = new CallTable<Call>();
    const seen = new Set<CallId>();
    for (let count = 0; count < 10_000; count += 1) {
      const call = { id: table.nextId() };
      expect(seen.has(call.id)).toBe(false);
      seen.add(call.id);
      expect(table.add(call)).toBe(true);
      if (count % 100 !== 0) table.delete(call);
    }
    expect(table.size).toBe(100);
  });

  it('are u32: they wrap at 2^32 and pass over what is in use', () => {
    const table = new CallTable<Call>(2 ** 32 - 3);
    table.add({ id: 1 });
    const ids: CallId[] = [];
    for (let count = 0; count < 5; count += 1) {
      const call = { id: table.nextId() };
      ids.push(call.id);
      expect(table.add(call)).toBe(true);
    }
    expect(ids).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0, 2, 3]);
    for (const id of ids) expect(table.get(id)?.id).toBe(id);
    expect(table.size).toBe(6);
  });

  it('a late answer does not meet a call that came after its own', () => {
    const table = new CallTable<Call>();
    const first = { id: table.nextId() };
    table.add(first);
    table.delete(first);
    for (let count = 0; count < 1000; count += 1) {
      const next = { id: table.nextId() };
      expect(next.id).not.toBe(first.id);
      table.add(next);
      table.delete(next);
      expect(table.get(first.id)).toBeUndefined();
    }
  });
});

describe('all', () => {
  it('is a copy, so that the table may change meanwhile', () => {
    const table = new CallTable<Call>();
    for (const id of [1, 65, 'a']) table.add({ id });
    for (const call of table.all()) table.delete(call);
    expect(table.size).toBe(0);
  });
});
