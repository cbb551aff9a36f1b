import assert from 'node:assert/strict';
import { GetUser, ListUsers } from '../contracts.ts';
import type { Step } from './step.ts';

export const requestReply: Step = {
  title: 'Request and reply',
  code: 'await users.send(ListUsers, { page: 3 })',
  async run({ users, say }) {
    const { users: found, total } = await users.send(ListUsers, { page: 3 });
    assert.equal(found.length, 20);
    assert.deepEqual([found.at(0)?.id, found.at(-1)?.id], [41, 60]);
    say(
      `users 41 to 60 of ${total}: ${found
        .slice(0, 3)
        .map(({ name }) => name)
        .join(', ')} …`,
    );

    const all = await Promise.all(found.map(({ id }) => users.send(GetUser, { id })));
    assert.deepEqual(all, found);
    say(`the same ${all.length} again, all at once, each by a call of its own: nothing is mixed up`);
  },
};
