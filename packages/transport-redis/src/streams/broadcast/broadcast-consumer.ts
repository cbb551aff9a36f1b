import { type EventRoutes, kindsOn, messageOf, type Receiver, readEnvelope } from '@parley/core/transport';
import type { RedisSource } from '../../redis-context.ts';
import { readEntry } from '../entry.ts';
import type { Membership } from '../group/membership.ts';
import { WantedEvents } from '../group/wanted-events.ts';
import type { Read } from '../read/read-group.ts';
import type { RoomBudget } from '../read/room-budget.ts';
import { type Reading, SlotReaders } from '../read/slot-readers.ts';
import type { Commands } from '../redis/script.ts';
import { lastIdScript } from '../redis/scripts.ts';
import { BroadcastDelivery } from './broadcast-delivery.ts';

export interface BroadcastConsumerSetup {
  readonly member: Membership;
  readonly routes: EventRoutes;
  readonly budget: RoomBudget;
  readonly reading: Reading;
  readonly receive: Receiver['receive'];
}

interface Place {
  readonly pattern: string;
  /** Of the last entry that was read. */
  id: string;
}

/**
 * Reads events for handlers that want them on every instance: without a group, from the moment at which the instance began to
 * listen, and over outages from where it was.
 */
export class BroadcastConsumer {
  readonly #setup: BroadcastConsumerSetup;
  readonly #wanted: WantedEvents;
  readonly #places = new Map<string, Place>();
  readonly #readers: SlotReaders;
  #isPrepared = false;

  constructor(setup: BroadcastConsumerSetup) {
    const { member, routes, budget, reading } = setup;
    this.#setup = setup;
    this.#wanted = new WantedEvents(routes);
    this.#readers = new SlotReaders({
      reading,
      budget,
      read: this.#read.bind(this),
      accept: this.#acceptAll.bind(this),
      refused: member.refused,
    });
  }

  get wildcards(): readonly string[] {
    return this.#setup.routes.wildcards;
  }

  /** What was emitted before does not come, all that is emitted afterwards does. Rejects as the commands do. */
  async prepare(names: readonly string[]): Promise<void> {
    if (this.#isPrepared) return this.learn(names);
    const patterns = [...this.#setup.routes.events, ...this.#wanted.newOnes(names)];
    const ids = await Promise.all(patterns.map((pattern) => this.#lastId(pattern)));
    this.#isPrepared = true;
    for (const [index, pattern] of patterns.entries()) this.#add(pattern, ids[index] as string);
  }

  /** Names of events: those that a wildcard matches and that are new are read from their beginning. */
  learn(names: readonly string[]): void {
    for (const pattern of this.#wanted.newOnes(names)) this.#add(pattern, '0-0');
  }

  start(): void {
    this.#readers.start();
  }

  /** Resolves when what was read is with core, after about `timeout` ms at most. */
  async pause(timeout: number): Promise<void> {
    await this.#readers.stop(timeout);
  }

  #add(pattern: string, id: string): void {
    const key = this.#setup.member.names.stream('event', pattern);
    this.#wanted.add(pattern);
    this.#places.set(key, { pattern, id });
    this.#readers.add(key);
  }

  async #lastId(pattern: string): Promise<string> {
    const { redis, names } = this.#setup.member;
    return String(await lastIdScript.run(redis, [names.stream('event', pattern)], []));
  }

  async #read(redis: Commands, keys: readonly string[], room: number, block: number): Promise<readonly Read[]> {
    // What is left out now is read the next time: nobody else waits for it.
    const some = keys.slice(0, room);
    const ids = some.map((key) => this.#places.get(key)?.id ?? '$');
    const count = Math.floor(room / some.length);
    const longest = some.length < keys.length ? Math.min(block, 10) : block;
    const wait = longest > 0 ? ['BLOCK', longest] : [];
    const read = await redis.callBuffer('xread', 'COUNT', count, ...wait, 'STREAMS', ...some, ...ids);
    return (read ?? []) as Read[];
  }

  #acceptAll([keyBytes, entries]: Read): void {
    const key = keyBytes.toString();
    const place = this.#places.get(key);
    if (place === undefined) return;
    for (const [id, fields] of entries) {
      place.id = id.toString();
      this.#accept(key, place, fields);
    }
  }

  #accept(key: string, { pattern, id }: Place, fields: readonly Buffer[]): void {
    const { warn, maxBody } = this.#setup.member;
    const entry = readEntry(fields);
    // What is put back from the dead letters is for the group that failed.
    if (entry?.group !== undefined) return;
    try {
      const source: RedisSource = { channel: key, entryId: id, deliveryCount: 1 };
      const arrival = { pattern, source, audience: 'broadcast', kinds: kindsOn.events, maxBody } as const;
      const envelope = readEnvelope(entry?.head ?? '', entry?.body, arrival);
      if (envelope.kind === 'refused') throw envelope.reason;
      const isKeyed = envelope.kind === 'event' && envelope.key !== undefined;
      const lane = isKeyed ? `broadcast\0${pattern}\0${envelope.key}` : undefined;
      const failed = () => warn(`redis: the event ${id} of "${key}" failed for good for a handler of every instance`);
      this.#setup.receive(envelope, new BroadcastDelivery(lane, failed));
    } catch (error) {
      warn(`redis: the entry ${id} of "${key}" cannot be read: ${messageOf(error)}`);
    }
  }
}
