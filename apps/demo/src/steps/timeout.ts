import assert from 'node:assert/strict';
import { RpcCode, TimeoutError } from '@parley/core';
import { CountCities } from '../contracts.ts';
import { activityIs, activityOf, failure, show } from './expect.ts';
import type { Step } from './step.ts';

export const timeout: Step = {
  title: 'Timeout',
  code: 'await users.send(CountCities, { takes: 30_000 }, { timeout: 1000 })',
  async run({ users, say }) {
    const { reportsCancelled } = await activityOf(users);
    // Time enough to get there: one that arrives too late is not begun.
    const error = await failure(users.send(CountCities, { takes: 30_000 }, { timeout: 1000 }), RpcCode.Timeout);
    assert(error instanceof TimeoutError);
    say(show(error));
    await activityIs(users, { reportsRunning: 0, reportsCancelled: reportsCancelled + 1 });
    say('the deadline had travelled along: the handler has stopped as well');
  },
};
