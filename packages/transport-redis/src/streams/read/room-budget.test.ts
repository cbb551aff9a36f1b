import { expect, it } from 'vitest';
import { RoomBudget } from './room-budget.ts';

/** Core's side of it: so many may run, so many do. */
function workload(limit: number) {
  let running = 0;
  let waiting: (() => void)[] = [];
  const room = () => Math.max(0, limit - running);
  return {
    room,
    whenRoom: () => (room() > 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
    run(count: number) {
      running += count;
      const woken = room() > 0 ? waiting.splice(0) : [];
      for (const wake of woken) wake();
      waiting = room() > 0 ? [] : waiting;
    },
  };
}

it('gives half of what is free, at least one, and no more than is asked for', async () => {
  const budget = new RoomBudget(workload(10));
  expect(await budget.take(3)).toBe(3);
  expect(await budget.take(100)).toBe(4);
  expect(await budget.take(100)).toBe(2);
  expect(await budget.take(100)).toBe(1);
});

it('never gives more than there is, first come, first served', async () => {
  const budget = new RoomBudget(workload(1));
  expect(await budget.take(5)).toBe(1);
  const order: number[] = [];
  const second = budget.take(5).then(() => order.push(2));
  const third = budget.take(5).then(() => order.push(3));
  expect(budget.isContended).toBe(true);
  budget.give(1);
  await second;
  expect(order).toEqual([2]);
  budget.give(1);
  await third;
  expect(order).toEqual([2, 3]);
  expect(budget.isContended).toBe(false);
});

it('waits for core to have room', async () => {
  const load = workload(2);
  load.run(2);
  const budget = new RoomBudget(load);
  let granted: number | undefined;
  const taken = budget.take(5).then((count) => {
    granted = count;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(granted).toBeUndefined();
  load.run(-1);
  await taken;
  expect(granted).toBe(1);
});

it('counts what was handed to core once', async () => {
  const load = workload(4);
  const budget = new RoomBudget(load);
  const granted = await budget.take(2);
  load.run(granted);
  budget.give(granted);
  expect(await budget.take(10)).toBe(1);
  expect(await budget.take(10)).toBe(1);
});

it('gives nothing any more when it is closed, to those that wait neither', async () => {
  const budget = new RoomBudget(workload(1));
  await budget.take(1);
  const waiting = budget.take(1);
  budget.close();
  expect(await waiting).toBe(0);
  expect(await budget.take(1)).toBe(0);
});
