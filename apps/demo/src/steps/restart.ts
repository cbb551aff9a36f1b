import assert from 'node:assert/strict';
import { RpcCode } from '@parley/core';
import { CountCities, GetUser } from '../contracts.ts';
import type { Aftermath } from '../transports.ts';
import { activityIs, failure, show } from './expect.ts';
import type { Stage, Step } from './step.ts';

export const restart: Step = {
  title: 'Killed and restarted',
  code: 'await users.send(CountCities, { takes: 1500 }, { retry: { attempts: 30 } })',
  async run(stage) {
    const { users, gateway, say } = stage;
    await killAndRestart[stage.aftermath](stage);
    assert.equal((await users.send(GetUser, { id: 7 })).id, 7);
    const response = await fetch(`${gateway}/users/7`);
    assert.equal(response.status, 200);
    await response.body?.cancel();
    say('the gateway has found the new one as well: GET /users/7: 200');
  },
};

const retry = { attempts: 30 };

/** Milliseconds: killed under it is a service only if that is done by then, on a busy machine, too. */
const takes = 1500;

const killAndRestart: Readonly<Record<Aftermath, (stage: Stage) => Promise<void>>> = {
  /** What was sent over a connection is lost with it, and the caller hears so at once. */
  async heard({ users, kill, start, say }) {
    const plain = users.send(CountCities, { takes });
    const retried = users.send(CountCities, { takes }, { retry });
    await areRunning(users, [plain, retried]);
    say('two reports are under way, the second with `retry`');
    const killedAt = performance.now();
    const heard = failure(plain, RpcCode.ConnectionLost).then((error) => ({
      error,
      after: performance.now() - killedAt,
    }));
    const [{ error, after }, how] = await Promise.all([heard, kill('users')]);
    assert(after < 5000, `expected the caller to hear of it at once, not after ${after} ms`);
    say(how);
    say(`the first, after ${after.toFixed(1)} ms: ${show(error)}`);
    say(`one more call: ${show(await failure(users.send(GetUser, { id: 7 }), RpcCode.Unavailable))}`);
    await start('users');
    say(`the second, which its contract allows to be tried again: ${countOf(await retried)}`);
  },

  /** Publish/subscribe keeps nothing and tells nobody; the deadline does. */
  async silence({ users, kill, start, say }) {
    const report = users.send(CountCities, { takes: 30_000 }, { timeout: 2000 });
    await areRunning(users, [report]);
    say('a report is under way, with a deadline in two seconds');
    say(await kill('users'));
    say(`nobody tells the caller, but its deadline does: ${show(await failure(report, RpcCode.Timeout))}`);
    say(`one more call: ${show(await failure(users.send(GetUser, { id: 7 }), RpcCode.Unavailable))}`);
    const retried = users.send(CountCities, { takes: 300 }, { retry });
    await Promise.all([retried, start('users')]);
    say(`and one with \`retry\`, which went on until the service was back: ${countOf(await retried)}`);
  },

  /** A broker keeps a request until it is answered: whoever serves it next gets it. */
  async kept({ users, kill, start, say }) {
    const report = users.send(CountCities, { takes });
    await areRunning(users, [report]);
    say('a report is under way');
    say(await kill('users'));
    // In memory nobody waits by himself: the broker says at once that nobody is there, and `retry` asks again.
    const next = users.send(GetUser, { id: 7 }, { retry });
    await Promise.all([next, start('users')]);
    say(`a call that was made while nobody was there has waited for the new one: user ${(await next).id}`);
    say(`the broker had kept the report for it as well: ${countOf(await report)}`);
  },
};

/** Their ends are awaited later; until then a failure is nobody's surprise. */
async function areRunning(users: Stage['users'], reports: readonly Promise<unknown>[]): Promise<void> {
  for (const report of reports) report.catch(() => undefined);
  await activityIs(users, { reportsRunning: reports.length });
}

function countOf(cities: Readonly<Record<string, number>>): string {
  return `${Object.keys(cities).length} cities`;
}
