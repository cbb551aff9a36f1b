import type { CallId, EventRoutes, Receiver, RpcException } from '@parley/core/transport';
import { ConsumedStream } from '../keep/consumed-stream.ts';
import { Doubts } from '../keep/doubts.ts';
import { Holdings } from '../keep/holdings.ts';
import { Leases } from '../keep/leases.ts';
import { Upkeep } from '../keep/upkeep.ts';
import { type Read, readGroup } from '../read/read-group.ts';
import type { RoomBudget } from '../read/room-budget.ts';
import { type Reading, SlotReaders } from '../read/slot-readers.ts';
import { Clocks } from '../redis/clocks.ts';
import { Enrolment } from './enrolment.ts';
import type { Membership } from './membership.ts';
import { WantedEvents } from './wanted-events.ts';

export interface GroupConsumerSetup {
  readonly member: Membership;
  /** What the group serves. */
  readonly routes: EventRoutes & { readonly messages: readonly string[] };
  readonly budget: RoomBudget;
  readonly reading: Reading;
  readonly receive: Receiver['receive'];
  /** Answers a request that core never sees. */
  readonly refuse: (id: CallId, reason: RpcException) => void;
}

/** One instance's part in its group: reads the group's streams, keeps what it has, and gives back what it leaves. */
export class GroupConsumer {
  /** Whether what this instance has is still its own. */
  readonly doubts: Doubts;
  readonly #setup: GroupConsumerSetup;
  readonly #wanted: WantedEvents;
  readonly #enrolment: Enrolment;
  readonly #clocks: Clocks;
  readonly #streams = new Map<string, ConsumedStream>();
  readonly #holdings: Holdings;
  readonly #leases: Leases;
  readonly #upkeep: Upkeep;
  readonly #readers: SlotReaders;
  #recovering: Promise<void> | undefined;

  constructor(setup: GroupConsumerSetup) {
    const { member, routes, budget, reading, receive, refuse } = setup;
    const streams = () => this.#streams.values();
    const vanished = () => this.#recover();
    this.#setup = setup;
    this.#wanted = new WantedEvents(routes);
    this.#enrolment = new Enrolment(member);
    this.#clocks = new Clocks(() => member.redis, member.isCluster);
    const waited = (stream: ConsumedStream, id: string) => this.#clocks.since(stream.key, id);
    this.#holdings = new Holdings(member, { receive, waited, refuse, doubts: () => this.doubts });
    this.#leases = new Leases({ member, holdings: this.#holdings, budget, streams, vanished });
    this.doubts = new Doubts(this.#leases);
    this.#upkeep = new Upkeep(member, streams, this.#clocks);
    this.#readers = new SlotReaders({
      reading,
      budget,
      read: (redis, keys, room, block) => readGroup(redis, member, keys, room, block),
      accept: (read) => this.#accept(read),
      vanished,
      refused: member.refused,
    });
    for (const pattern of routes.messages) this.#add('message', pattern);
    for (const pattern of routes.events) this.#add('event', pattern);
  }

  get wildcards(): readonly string[] {
    return this.#setup.routes.wildcards;
  }

  /** Once per connect: from here on the group misses nothing. Rejects as the commands do. */
  async prepare(): Promise<void> {
    const { events, wildcards } = this.#setup.routes;
    await this.#enrolment.want([...events, ...wildcards]);
    await this.#join();
    this.#holdings.forgetAnnounced();
    await this.#clocks.sampleAnew();
  }

  /** Names of events: those that a wildcard matches are read from now on. Rejects as the commands do. */
  async learn(names: readonly string[]): Promise<void> {
    for (const pattern of this.#wanted.newOnes(names)) {
      const stream = new ConsumedStream(this.#setup.member.names.stream('event', pattern), 'event', pattern);
      await this.#enrolment.join([stream]);
      this.#wanted.add(pattern);
      this.#add('event', pattern);
    }
  }

  /** Reading begins. */
  start(): void {
    this.#readers.start();
    this.#leases.start();
    this.#upkeep.start();
  }

  /** An outage is over. */
  resume(): void {
    this.#leases.resume();
  }

  /** Takes nothing new; resolves when what was read is with core, after about `timeout` ms at most. */
  async pause(timeout: number): Promise<void> {
    await Promise.all([this.#readers.stop(timeout), this.#leases.pause()]);
  }

  /** Resolves soon: no timer and no connection is left. */
  async stop(): Promise<void> {
    this.#leases.stop();
    this.#upkeep.stop();
    await this.#readers.stop(0);
  }

  /** After `pause`: acknowledges, gives back what is left, and goes. Never rejects; what it cannot do now, time does. */
  async leave(): Promise<void> {
    this.#leases.stop();
    this.#upkeep.stop();
    await this.#holdings.acks.flush();
    const leave = async (stream: ConsumedStream) => {
      await this.#leases.release(stream);
      await this.#upkeep.leave(stream);
    };
    await Promise.all([...this.#streams.values()].map((stream) => leave(stream).catch(() => undefined)));
  }

  /** Of a request that was handled here while that was in doubt: whether another instance has it, and will answer. */
  isLost(id: CallId): boolean {
    return this.#holdings.isLost(id);
  }

  #add(kind: 'message' | 'event', pattern: string): void {
    const stream = new ConsumedStream(this.#setup.member.names.stream(kind, pattern), kind, pattern);
    this.#streams.set(stream.key, stream);
    this.#clocks.add(stream.key);
    this.#readers.add(stream.key);
  }

  #accept([key, entries]: Read): void {
    const stream = this.#streams.get(key.toString());
    if (stream === undefined) return;
    for (const [id, fields] of entries) this.#holdings.accept(stream, id.toString(), fields, 1);
  }

  /** Somebody has deleted streams or groups, or all of Redis. */
  #recover(): Promise<void> {
    this.#recovering ??= this.#join()
      // Redis is down again: `prepare` comes with the end of the outage.
      .catch(() => undefined)
      .finally(() => {
        this.#recovering = undefined;
      });
    return this.#recovering;
  }

  async #join(): Promise<void> {
    const { group, warn } = this.#setup.member;
    const lost = await this.#enrolment.join(this.#streams.values());
    if (lost.length === 0) return;
    for (const stream of lost) this.#holdings.outlive(stream);
    warn(
      `redis: Redis had lost the group "${group}" in ${lost.length} streams, such as "${lost[0]?.key}"; they are read from their beginning`,
    );
  }
}
