import {
  type DeadReason,
  type Delivery,
  type Envelope,
  type Event,
  type Request,
  RpcCode,
  RpcException,
} from '@parley/core/transport';

/** A request or an event that the broker keeps for one group until it is settled. */
export interface Message {
  readonly envelope: Request | Event;
  /** Which of the group's queues it is kept in. */
  readonly queue: string;
  readonly lane: string | undefined;
  /** By `performance.now()`: what a request waits is taken off its timeout. */
  readonly keptSince: number;
  attempt: number;
}

/** An instance as its group sees it. */
export interface Member {
  readonly name: string;
  /** False while it is cut off from the broker. */
  readonly isUp: boolean;
  /** How many more deliveries it would take now. */
  readonly room: number;
  put(envelope: Envelope, delivery: Delivery): void;
  /** Calls back once, when there is room again; asked twice with one callback, it still calls once. */
  whenRoom(callback: () => void): void;
}

/** The group that hands deliveries out. Both ways to settle do nothing for a delivery that was taken from its member. */
export interface Settling {
  /** @returns false when it was taken. */
  settle(delivery: MemoryDelivery): boolean;
  holds(delivery: MemoryDelivery): boolean;
  bury(delivery: MemoryDelivery, why: DeadReason): void;
}

/** A message that is with one member of its group. */
export class MemoryDelivery implements Delivery {
  readonly message: Message;
  readonly member: Member;
  readonly attempt: number;
  readonly lane: string | undefined;
  readonly #group: Settling;

  constructor(group: Settling, message: Message, member: Member) {
    this.#group = group;
    this.message = message;
    this.member = member;
    this.attempt = message.attempt;
    this.lane = message.lane;
  }

  done(): void {
    this.#group.settle(this);
  }

  doneFirst(): Promise<boolean> {
    return Promise.resolve(this.#group.settle(this));
  }

  isOurs(): Promise<boolean> {
    return Promise.resolve(this.#group.holds(this));
  }

  dead(why: DeadReason): Promise<void> {
    if (!this.member.isUp) {
      return Promise.reject(new RpcException('The memory broker is disconnected', { code: RpcCode.Unavailable }));
    }
    this.#group.bury(this, why);
    return Promise.resolve();
  }
}
