import assert from 'node:assert/strict';
import { ExportUsers, ListUsers } from '../contracts.ts';
import { activityIs, activityOf } from './expect.ts';
import type { Step } from './step.ts';

export const stream: Step = {
  title: 'Stream',
  code: 'for await (const user of users.stream(ExportUsers)) …',
  async run({ users, say }) {
    const { total } = await users.send(ListUsers, {});
    const names = new Set<string>();
    let count = 0;
    for await (const user of users.stream(ExportUsers)) {
      count += 1;
      names.add(user.name);
    }
    assert.equal(count, total);
    say(`${count} users came one by one, with ${names.size} different names`);

    const before = await activityOf(users);
    count = 0;
    for await (const _user of users.stream(ExportUsers, undefined, { buffer: 8 })) {
      count += 1;
      if (count === 3) break;
    }
    const after = await activityIs(users, { exportsRunning: 0 });
    const read = after.exported - before.exported;
    assert(read < 20, `expected the service to stop soon after the caller, but it went on to user ${read}`);
    say(`left after ${count} with \`break\`: the service had made ${read} ready, and stopped`);
  },
};
