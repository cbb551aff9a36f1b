import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Workload } from './workload.ts';

/** Whether a promise has resolved by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await tick();
  return settled;
}

describe('room', () => {
  it('is what is left of the limit, never less than none', () => {
    const workload = new Workload(2);
    expect(workload.room).toBe(2);
    for (const room of [1, 0, 0]) {
      workload.enter();
      expect(workload.room).toBe(room);
    }
    expect(workload.running).toBe(3);
  });

  it('is there at once when there is some', async () => {
    expect(await isSettled(new Workload(1).whenRoom())).toBe(true);
  });

  it('wakes everyone who waits for it, when there is some again', async () => {
    const workload = new Workload(1);
    workload.enter();
    workload.enter();
    const waiting = Promise.all([workload.whenRoom(), workload.whenRoom()]);
    workload.leave();
    expect(await isSettled(waiting)).toBe(false);
    workload.leave();
    expect(await isSettled(waiting)).toBe(true);
  });
});

describe('idle', () => {
  it('is at once when nothing runs', async () => {
    expect(await isSettled(new Workload(1).whenIdle())).toBe(true);
  });

  it('is when the last has left', async () => {
    const workload = new Workload(5);
    workload.enter();
    workload.enter();
    const idle = workload.whenIdle();
    workload.leave();
    expect(await isSettled(idle)).toBe(false);
    workload.leave();
    expect(await isSettled(idle)).toBe(true);
  });

  it('may wait anew', async () => {
    const workload = new Workload(1);
    for (let round = 0; round < 3; round += 1) {
      workload.enter();
      const idle = workload.whenIdle();
      expect(await isSettled(idle)).toBe(false);
      workload.leave();
      expect(await isSettled(idle)).toBe(true);
    }
  });
});
