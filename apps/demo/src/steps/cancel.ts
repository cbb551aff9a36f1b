import { RpcCode } from '@parley/core';
import { CountCities } from '../contracts.ts';
import { activityIs, activityOf, failure, show } from './expect.ts';
import type { Step } from './step.ts';

export const cancel: Step = {
  title: 'Cancel',
  code: 'await users.send(CountCities, { takes: 30_000 }, { signal })',
  async run({ users, say }) {
    const { reportsCancelled } = await activityOf(users);
    const controller = new AbortController();
    const { signal } = controller;
    const failed = failure(users.send(CountCities, { takes: 30_000 }, { signal }), RpcCode.Cancelled);
    await activityIs(users, { reportsRunning: 1 });
    say('the report is under way; nobody wants it any more: controller.abort()');
    controller.abort();
    say(show(await failed));
    await activityIs(users, { reportsRunning: 0, reportsCancelled: reportsCancelled + 1 });
    say("the handler's signal has aborted, too, and it has stopped");
  },
};
