import assert from 'node:assert/strict';
import { RpcCode } from '@parley/core';
import { CountCities, GetUser } from '../contracts.ts';
import { activityIs, failure, show } from './expect.ts';
import type { Stage, Step } from './step.ts';

type Cities = Readonly<Record<string, number>>;

interface Reports {
  readonly plain: Promise<Cities>;
  readonly retried: Promise<Cities>;
}

export const restart: Step = {
  title: 'Killed and restarted',
  code: 'await users.send(CountCities, { takes: 300 }, { retry: { attempts: 30 } })',
  async run(stage) {
    const { users, gateway, say } = stage;
    const plain = users.send(CountCities, { takes: 300 });
    const retried = users.send(CountCities, { takes: 300 }, { retry: { attempts: 30 } });
    // Their ends are awaited further down; until then a failure is nobody's surprise.
    for (const call of [plain, retried]) call.catch(() => undefined);
    await activityIs(users, { reportsRunning: 2 });
    say('two reports are under way, the second with `retry`');

    if (stage.hasBroker) await killUnderBroker(stage, { plain, retried });
    else await killUnderConnection(stage, { plain, retried });

    assert.equal((await users.send(GetUser, { id: 7 })).id, 7);
    const response = await fetch(`${gateway}/users/7`);
    assert.equal(response.status, 200);
    await response.body?.cancel();
    say('the gateway has found the new one as well: GET /users/7: 200');
  },
};

/** What was sent over a connection is lost with it, and the caller hears so at once. */
async function killUnderConnection(stage: Stage, { plain, retried }: Reports): Promise<void> {
  const { users, kill, start, say } = stage;
  const killedAt = performance.now();
  const heard = failure(plain, RpcCode.ConnectionLost).then((error) => ({
    error,
    after: performance.now() - killedAt,
  }));
  const [{ error, after }, how] = await Promise.all([heard, kill('users')]);
  assert(after < 1000, `expected the caller to hear of it within a second, not after ${after} ms`);
  say(how);
  say(`the first, after ${after.toFixed(1)} ms: ${show(error)}`);
  say(`one more call: ${show(await failure(users.send(GetUser, { id: 7 }), RpcCode.Unavailable))}`);
  await start('users');
  say(`the second, which its contract allows to be tried again: ${countOf(await retried)}`);
}

/** A broker keeps a request until it is answered: whoever serves it next gets it. */
async function killUnderBroker({ kill, start, say }: Stage, { plain, retried }: Reports): Promise<void> {
  say(await kill('users'));
  await start('users');
  say(`the broker had kept both for the new one; the first: ${countOf(await plain)}`);
  say(`the second: ${countOf(await retried)}`);
}

function countOf(cities: Cities): string {
  return `${Object.keys(cities).length} cities`;
}
