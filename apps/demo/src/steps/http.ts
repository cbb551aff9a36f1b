import assert from 'node:assert/strict';
import type { User } from '../contracts.ts';
import type { Step } from './step.ts';

export const http: Step = {
  title: 'Gateway',
  code: 'curl <gateway>/users/7',
  async run({ gateway, say }) {
    const found = await fetch(`${gateway}/users/7`);
    const { id, name, city } = (await found.json()) as User;
    assert.deepEqual([found.status, id], [200, 7]);
    say(`GET /users/7: 200, ${name}, ${city}`);

    const none = await fetch(`${gateway}/users/abc`);
    assert.equal(none.status, 422);
    await none.body?.cancel();
    say('GET /users/abc: 422, refused by the contract');

    const exported = await (await fetch(`${gateway}/users/export`)).text();
    const lines = exported.trimEnd().split('\n');
    assert(lines.length >= 300);
    say(`GET /users/export: ${lines.length} lines, a stream from the service to the socket`);
  },
};
