import type { CallId, Receiver, Routes, RpcException } from '@parley/core/transport';
import { within } from '../connect/within.ts';
import { BroadcastConsumer } from './broadcast/broadcast-consumer.ts';
import { GroupConsumer } from './group/group-consumer.ts';
import { knownEvents } from './group/known-events.ts';
import type { Membership } from './group/membership.ts';
import { RoomBudget } from './read/room-budget.ts';
import type { Reading } from './read/slot-readers.ts';

export interface IntakeSetup {
  readonly member: Membership;
  readonly routes: Routes;
  readonly reading: Reading;
  /** Core's, which is there when it starts. */
  readonly receiver: () => Receiver;
  readonly refuse: (id: CallId, reason: RpcException) => void;
}

/** Milliseconds that a pause takes at most: reads are ended, and what they brought is handed over. */
const pauseTime = 3000;

/** All that an instance takes from streams: for its group, for itself, and what wildcards find. */
export class Intake {
  readonly #member: Membership;
  readonly #budget: RoomBudget;
  readonly #group: GroupConsumer;
  readonly #broadcast: BroadcastConsumer | undefined;
  #discovery: NodeJS.Timeout | undefined;
  #state: 'idle' | 'started' | 'paused' = 'idle';
  #paused: Promise<void> | undefined;

  constructor({ member, routes, reading, receiver, refuse }: IntakeSetup) {
    this.#member = member;
    this.#budget = new RoomBudget({ room: () => receiver().room(), whenRoom: () => receiver().whenRoom() });
    const receive: Receiver['receive'] = (envelope, delivery) => receiver().receive(envelope, delivery);
    const common = { member, budget: this.#budget, reading, receive };
    const { broadcast } = routes;
    this.#group = new GroupConsumer({ ...common, routes, refuse });
    if (broadcast.events.length + broadcast.wildcards.length > 0) {
      this.#broadcast = new BroadcastConsumer({ ...common, routes: broadcast });
    }
  }

  /** Once per connect. Rejects as the commands do. */
  async prepare(): Promise<void> {
    await this.#group.prepare();
    const names = this.#hasWildcards ? await knownEvents(this.#member.redis, this.#member.names) : [];
    await this.#group.learn(names);
    await this.#broadcast?.prepare(names);
  }

  /** Connected, for the first time or again. */
  begin(): void {
    if (this.#state === 'paused') return;
    if (this.#state === 'started') {
      this.#group.resume();
      return;
    }
    this.#state = 'started';
    this.#group.start();
    this.#broadcast?.start();
    if (this.#hasWildcards) this.#discoverLater();
  }

  /** Takes nothing new; resolves when all that was read is with core. What it has it keeps. */
  pause(): Promise<void> {
    this.#state = 'paused';
    this.#paused ??= this.#pause();
    return this.#paused;
  }

  /** Acknowledges what is done and gives back what is not, within `timeout` ms. */
  async close(timeout: number): Promise<void> {
    await within(
      timeout,
      this.pause().then(() => this.#group.leave()),
    );
    await Promise.all([this.#group.stop(), this.#broadcast?.pause(0)]);
  }

  /** Whether answers have to wait, because the requests may be another instance's by now. */
  get isInDoubt(): boolean {
    return this.#group.doubts.exist;
  }

  /** While that is in doubt: sends an answer when it is known that the request is still ours, or drops it. */
  sendWhenSure(id: CallId, send: () => void): Promise<void> {
    return this.#group.doubts.defer(() => {
      if (!this.#group.isLost(id)) send();
    });
  }

  get #hasWildcards(): boolean {
    return this.#group.wildcards.length + (this.#broadcast?.wildcards.length ?? 0) > 0;
  }

  async #pause(): Promise<void> {
    clearTimeout(this.#discovery);
    this.#budget.close();
    await Promise.all([this.#group.pause(pauseTime), this.#broadcast?.pause(pauseTime)]);
  }

  #discoverLater(): void {
    if (this.#state !== 'started') return;
    this.#discovery = setTimeout(() => void this.#discover(), this.#member.options.discoverInterval);
  }

  async #discover(): Promise<void> {
    try {
      const names = await knownEvents(this.#member.redis, this.#member.names);
      await this.#group.learn(names);
      this.#broadcast?.learn(names);
    } catch (error) {
      this.#member.refused('new names of events cannot be looked for', error);
    }
    this.#discoverLater();
  }
}
