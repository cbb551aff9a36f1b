import assert from 'node:assert/strict';
import { CountCities } from '../contracts.ts';
import { activityIs } from './expect.ts';
import type { Step } from './step.ts';

/** The last one: no service is left after it. */
export const drain: Step = {
  title: 'Drain',
  code: 'await host.close()',
  async run({ users, close, say }) {
    const report = users.send(CountCities, { takes: 1500 });
    report.catch(() => undefined);
    await activityIs(users, { reportsRunning: 1 });
    await close('gateway');
    say('the gateway is closed; a report is under way in the users service, which is to close');
    const [cities] = await Promise.all([report, close('users')]);
    assert(Object.keys(cities).length > 0);
    say(`it has finished and answered the report first: ${Object.keys(cities).length} cities`);
    await close('notifications');
    say('the notifications service is closed');
  },
};
