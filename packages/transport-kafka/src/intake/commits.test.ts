import { expect, it } from 'vitest';
import { Commits } from './commits.ts';

it('never commits twice at a time, so that an older one cannot overtake', async () => {
  let running = 0;
  let most = 0;
  let count = 0;
  const commits = new Commits(async () => {
    running += 1;
    count += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return true;
  });
  const first = commits.now();
  await Promise.resolve();
  await Promise.all([first, commits.now(), commits.now()]);
  // Who asks while none of them has begun is served by one.
  expect({ most, count }).toEqual({ most: 1, count: 2 });
  await commits.now();
  commits.stop();
  expect({ most, count }).toEqual({ most: 1, count: 3 });
});

it('tries again what could not be', async () => {
  let count = 0;
  const done = Promise.withResolvers<void>();
  const commits = new Commits(() => {
    count += 1;
    if (count === 3) done.resolve();
    return Promise.resolve(count === 3);
  });
  commits.soon();
  await done.promise;
  commits.stop();
  expect(count).toBe(3);
});
