import { setImmediate as tick } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { turnStart } from './turn-clock.ts';

it('stands still in one turn of the event loop, and is right in the next', async () => {
  const before = performance.now();
  const first = turnStart();
  expect(first).toBeGreaterThanOrEqual(before);
  while (performance.now() <= first + 1);
  expect(turnStart()).toBe(first);
  await tick();
  expect(turnStart()).toBeGreaterThan(first);
});
