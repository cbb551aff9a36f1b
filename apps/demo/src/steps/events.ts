import assert from 'node:assert/strict';
import { CreateUser, type Notification, WatchNotifications } from '../contracts.ts';
import type { Step } from './step.ts';

export const events: Step = {
  title: 'Event',
  code: 'await notifications.emit(UserCreated, user)',
  async run({ users, notifications, say }) {
    const user = await users.send(CreateUser, {
      name: 'Ada Lovelace 🧮',
      email: 'ada@example.org',
      city: 'London',
      born: '1815-12-10',
    });
    say(`the users service has made ${user.name} user ${user.id} and emitted "user.created"`);

    // It has no end, so this is what ends a wait in vain.
    const signal = AbortSignal.timeout(15_000);
    const texts: string[] = [];
    for await (const { text } of ofUser(user.id, notifications.stream(WatchNotifications, undefined, { signal }))) {
      texts.push(text);
      say(`the notifications service: ${text}`);
      if (texts.length === 2) break;
    }
    assert.deepEqual(texts.sort(), [`Audit: user.created ${user.id}`, `Welcome, ${user.name}! (to ${user.email})`]);
  },
};

async function* ofUser(id: number, sent: AsyncIterable<Notification>): AsyncIterable<Notification> {
  for await (const notification of sent) if (notification.userId === id) yield notification;
}
