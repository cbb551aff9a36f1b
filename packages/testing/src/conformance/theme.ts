import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { LeakCheck } from './leaks.ts';
import { Stage } from './stage.ts';
import type { ConformanceSubject } from './subject.ts';

/**
 * Tests of one theme, in a world of their own. After each of them no call may be pending and no handler running; after
 * the last nothing may be left that keeps the process alive, and no rejection unhandled.
 *
 * @param prepare what all tests of the theme share: services and clients that stay up.
 */
export function theme<Shared>(
  subject: ConformanceSubject,
  title: string,
  prepare: (stage: Stage) => Shared | Promise<Shared>,
  tests: (use: () => { readonly stage: Stage; readonly shared: Shared }) => void,
): void {
  describe(title, () => {
    let leaks: LeakCheck;
    let used: { readonly stage: Stage; readonly shared: Shared };

    beforeAll(async () => {
      leaks = new LeakCheck();
      const stage = await Stage.open(subject);
      used = { stage, shared: await prepare(stage) };
      stage.keep();
    });
    afterEach(() => used.stage.clear());
    afterAll(async () => {
      await used.stage.close();
      await leaks.check(used.stage.patience);
    });

    tests(() => used);
  });
}
