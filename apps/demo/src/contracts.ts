// What the services say to each other. Both sides import it: the one that calls is typed by it, the one that answers is
// checked against it.
import { event, message } from '@parley/core';
import { z } from 'zod';

export const User = z.object({
  id: z.int().positive(),
  name: z.string().min(1),
  email: z.email(),
  city: z.string().min(1),
  born: z.iso.date(),
});
export type User = z.infer<typeof User>;

export const NewUser = User.omit({ id: true });

/** Asking twice does no harm, which `idempotent` says: a call that may retry then does, whatever became of the first try. */
export const ListUsers = message('users.list', {
  request: z.object({ page: z.int().positive().default(1), size: z.int().min(1).max(100).default(20) }),
  reply: z.object({ users: z.array(User), total: z.int() }),
  idempotent: true,
});

/** 404 when there is none. */
export const GetUser = message('users.get', {
  request: User.pick({ id: true }),
  reply: User,
  idempotent: true,
});

/** 409 when somebody has the e-mail address already. */
export const CreateUser = message('users.create', { request: NewUser, reply: User });

/** A stream: one reply for each user. */
export const ExportUsers = message('users.export', { reply: User });

/** A report that takes its time, `takes` milliseconds: something to time out, to cancel and to be killed under. */
export const CountCities = message('users.count-cities', {
  request: z.object({ takes: z.int().min(0) }),
  reply: z.record(z.string(), z.int()),
  idempotent: true,
});

/** What the users service is busy with and what became of its work, so that the demo can see that a cancel arrived. */
export const GetActivity = message('users.activity', {
  reply: z.object({
    reportsRunning: z.int(),
    reportsCancelled: z.int(),
    exportsRunning: z.int(),
    /** Users read for exports, whoever took them. */
    exported: z.int(),
  }),
  idempotent: true,
});

export const UserCreated = event('user.created', { payload: User });

/** All that happens to users: for listening, nobody can emit a `*`. */
export const AnyUserEvent = event('user.*', { payload: User });

export const Notification = z.object({ userId: User.shape.id, text: z.string() });
export type Notification = z.infer<typeof Notification>;

/** A stream without an end: what was sent so far, and then whatever is. */
export const WatchNotifications = message('notifications.watch', { reply: Notification });
