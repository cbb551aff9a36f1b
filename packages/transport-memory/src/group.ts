import type { Cancel, DeadReason, Event, Request } from '@parley/core/transport';
import { copyEnvelope } from './copy-envelope.ts';
import { Interests, type WantedRoutes } from './interests.ts';
import type { MemorySource } from './memory-context.ts';
import { type Member, MemoryDelivery, type Message, type Settling } from './memory-delivery.ts';

/** Where a group puts what failed for good. */
export type Bury = (group: Group, message: Message, why: DeadReason) => void;

/** Instances of one service, and what is kept for them: each message goes to one of them, again if that one dies. */
export class Group implements Settling {
  readonly name: string;
  readonly #audience: 'group' | 'broadcast';
  readonly #bury: Bury;
  /** Who was served longest ago comes first. */
  readonly #members = new Map<Member, Interests>();
  /** What any member ever wanted: events for it are kept while no member is there. */
  readonly #remembered = new Interests();
  readonly #waiting = new Map<string, Message[]>();
  readonly #open = new Set<MemoryDelivery>();
  /** Lanes with open deliveries: the member that has them gets the lane's next ones, too, so that none overtakes. */
  readonly #lanes = new Map<string, { readonly member: Member; open: number }>();
  readonly #pumpAll = () => {
    for (const queue of [...this.#waiting.keys()]) this.#pump(queue);
  };

  /** @param audience which of its members' handlers its events are for */
  constructor(name: string, audience: 'group' | 'broadcast', bury: Bury) {
    this.name = name;
    this.#audience = audience;
    this.#bury = bury;
  }

  join(member: Member, routes: Partial<WantedRoutes>): void {
    this.#members.set(member, new Interests(routes));
    this.#remembered.add(routes);
    this.#pumpAll();
  }

  /** The member gets nothing new; what it has stays with it. */
  leave(member: Member): void {
    this.#members.delete(member);
  }

  /** The member is gone: what it had goes to the others, or waits for one to come. */
  reclaim(member: Member): void {
    this.leave(member);
    const lost = [...this.#open].filter((delivery) => delivery.member === member);
    for (const delivery of lost.reverse()) {
      this.#release(delivery);
      const { message } = delivery;
      message.attempt += 1;
      this.#queue(message).unshift(message);
    }
    this.#pumpAll();
  }

  /** Whether a member that is up would get it. */
  canServe(request: Request): boolean {
    return [...this.#members].some(([member, interests]) => member.isUp && interests.want(request));
  }

  /** Whether it is kept for the group, members or none. */
  remembers(event: Event): boolean {
    return this.#remembered.want(event);
  }

  add(envelope: Request | Event): void {
    const queue = `${envelope.kind} ${envelope.pattern}`;
    this.deliver({ envelope, queue, lane: laneOf(envelope), keptSince: performance.now(), attempt: 1 });
  }

  deliver(message: Message): void {
    this.#queue(message).push(message);
    this.#pump(message.queue);
  }

  /** A request that no member has yet is not to be handled any more. */
  withdraw({ id, pattern }: Cancel): void {
    const queue = `request ${pattern}`;
    const left = this.#waiting.get(queue)?.filter(({ envelope }) => envelope.kind !== 'request' || envelope.id !== id);
    if (left !== undefined) this.#waiting.set(queue, left);
  }

  settle(delivery: MemoryDelivery): boolean {
    const isOurs = this.#release(delivery);
    if (isOurs) this.#pump(delivery.message.queue);
    return isOurs;
  }

  holds(delivery: MemoryDelivery): boolean {
    return this.#open.has(delivery);
  }

  bury(delivery: MemoryDelivery, why: DeadReason): void {
    if (!this.holds(delivery)) return;
    this.#bury(this, delivery.message, why);
    this.settle(delivery);
  }

  #queue({ queue }: Message): Message[] {
    let waiting = this.#waiting.get(queue);
    if (waiting === undefined) this.#waiting.set(queue, (waiting = []));
    return waiting;
  }

  #pump(queue: string): void {
    const waiting = this.#waiting.get(queue);
    if (waiting === undefined) return;
    for (let message = waiting[0]; message !== undefined; message = waiting[0]) {
      const member = this.#choose(message);
      if (member === undefined) return;
      waiting.shift();
      this.#handOut(message, member);
    }
    this.#waiting.delete(queue);
  }

  /** In turn, among those who want it and have room. */
  #choose({ envelope, lane }: Message): Member | undefined {
    const bound = lane === undefined ? undefined : this.#lanes.get(lane)?.member;
    for (const [member, interests] of this.#members) {
      if ((bound !== undefined && bound !== member) || !interests.want(envelope)) continue;
      if (member.room > 0) {
        this.#members.delete(member);
        this.#members.set(member, interests);
        return member;
      }
      member.whenRoom(this.#pumpAll);
    }
    return undefined;
  }

  #handOut(message: Message, member: Member): void {
    const { lane, keptSince, attempt } = message;
    const delivery = new MemoryDelivery(this, message, member);
    this.#open.add(delivery);
    if (lane !== undefined) this.#lanes.set(lane, { member, open: (this.#lanes.get(lane)?.open ?? 0) + 1 });
    const source: MemorySource = { instance: member.name, group: this.name, deliveryCount: attempt };
    const envelope = copyEnvelope(message.envelope);
    if (envelope.kind === 'event') member.put({ ...envelope, audience: this.#audience, source }, delivery);
    else member.put({ ...envelope, timeout: timeLeft(envelope.timeout, keptSince), source }, delivery);
  }

  /** @returns false when it was settled before, or taken from its member. */
  #release(delivery: MemoryDelivery): boolean {
    if (!this.#open.delete(delivery)) return false;
    const lane = delivery.lane === undefined ? undefined : this.#lanes.get(delivery.lane);
    if (lane !== undefined) {
      lane.open -= 1;
      if (lane.open === 0) this.#lanes.delete(delivery.lane as string);
    }
    return true;
  }
}

/** The events of one key are ordered among those of their own name. */
function laneOf(envelope: Request | Event): string | undefined {
  if (envelope.kind === 'request' || envelope.key === undefined) return undefined;
  return JSON.stringify([envelope.pattern, envelope.key]);
}

/** As the seam wants it: 0 is no limit, below 0 is too late. */
function timeLeft(timeout: number, keptSince: number): number {
  if (timeout === 0) return 0;
  const left = timeout - Math.floor(performance.now() - keptSince);
  return left > 0 ? left : -1;
}
