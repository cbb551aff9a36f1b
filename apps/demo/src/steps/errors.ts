import assert from 'node:assert/strict';
import { RpcCode, ValidationError } from '@parley/core';
import { CreateUser, GetUser, ListUsers } from '../contracts.ts';
import { failure, show } from './expect.ts';
import type { Step } from './step.ts';

export const errors: Step = {
  title: 'Errors',
  code: 'catch (error) { if (error instanceof ValidationError) … error.details }',
  async run({ users, say }) {
    const { total } = await users.send(ListUsers, {});
    const invalid = { name: '', email: 'nonsense', city: 'Köln', born: '1990-02-30' };
    const refused = await failure(users.send(CreateUser, invalid), RpcCode.Validation);
    assert(refused instanceof ValidationError);
    assert.deepEqual(refused.details.map(({ path }) => path?.join('.')).sort(), ['born', 'email', 'name']);
    say(show(refused));
    for (const { path, message } of refused.details) say(`    ${path?.join('.')}: ${message}`);

    say(show(await failure(users.send(GetUser, { id: 1_000_000 }), RpcCode.NotFound)));

    const [taken] = (await users.send(ListUsers, { size: 1 })).users;
    assert(taken);
    const { id: _, ...again } = taken;
    say(show(await failure(users.send(CreateUser, again), RpcCode.Conflict)));
    assert.equal((await users.send(ListUsers, {})).total, total, 'nobody may have been added');
  },
};
