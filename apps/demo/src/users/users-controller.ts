import { setTimeout as sleep } from 'node:timers/promises';
import {
  Controller,
  inject,
  type MessageContext,
  MessagePattern,
  type RequestOf,
  RpcCode,
  RpcException,
} from '@parley/core';
import { CountCities, CreateUser, ExportUsers, GetActivity, GetUser, ListUsers, UserCreated } from '../contracts.ts';
import { services } from '../transports.ts';
import { UserRepository } from './user-repository.ts';

@Controller()
export class UsersController {
  readonly #users = inject(UserRepository);
  readonly #notifications = inject(services.notifications);
  readonly #activity = { reportsRunning: 0, reportsCancelled: 0, exportsRunning: 0, exported: 0 };

  @MessagePattern(ListUsers)
  list({ page, size }: RequestOf<typeof ListUsers>) {
    return { users: this.#users.page(page, size), total: this.#users.all.length };
  }

  @MessagePattern(GetUser)
  get({ id }: RequestOf<typeof GetUser>) {
    const user = this.#users.get(id);
    if (user === undefined) throw new RpcException(`There is no user ${id}`, { code: RpcCode.NotFound });
    return user;
  }

  @MessagePattern(CreateUser)
  async create(newUser: RequestOf<typeof CreateUser>) {
    if (this.#users.hasEmail(newUser.email)) {
      throw new RpcException(`Somebody has the address ${newUser.email}`, { code: RpcCode.Conflict });
    }
    const user = this.#users.add(newUser);
    // Tried again only while it was surely not sent (503), so nobody is welcomed twice.
    await this.#notifications.emit(UserCreated, user, { retry: { attempts: 5 } });
    return user;
  }

  /** Goes on as fast as the caller reads; when the caller leaves, `finally` is where the generator ends. */
  @MessagePattern(ExportUsers)
  async *export() {
    this.#activity.exportsRunning += 1;
    try {
      for (const user of this.#users.all) {
        this.#activity.exported += 1;
        yield user;
      }
    } finally {
      this.#activity.exportsRunning -= 1;
    }
  }

  /** The signal aborts when the caller cancels, times out or is gone: whatever takes long should be given it. */
  @MessagePattern(CountCities)
  async countCities({ takes }: RequestOf<typeof CountCities>, { signal }: MessageContext) {
    this.#activity.reportsRunning += 1;
    try {
      await sleep(takes, undefined, { signal });
    } finally {
      this.#activity.reportsRunning -= 1;
      if (signal.aborted) this.#activity.reportsCancelled += 1;
    }
    const cities = Object.groupBy(this.#users.all, ({ city }) => city);
    return Object.fromEntries(Object.entries(cities).map(([city, users = []]) => [city, users.length]));
  }

  @MessagePattern(GetActivity)
  activity() {
    return this.#activity;
  }
}
