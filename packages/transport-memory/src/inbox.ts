import type { Delivery, Envelope, Receiver } from '@parley/core/transport';
import type { Member } from './memory-delivery.ts';

/** Taken once, so that tests with fake timers do not stop the post. */
const { setImmediate } = globalThis;

/**
 * What is on its way to one instance. It arrives in order, in a later turn of the event loop, as from a socket: core
 * is never called from inside of a `send`, and timers get their turn however much is under way.
 */
export class Inbox implements Member {
  readonly name: string;
  readonly #receiver: Receiver;
  #arrived: { readonly envelope: Envelope; readonly delivery: Delivery | undefined }[] = [];
  /** Those in `#arrived` that core has yet to make room for. */
  #deliveries = 0;
  #isOpen = true;
  #isWatching = false;
  readonly #roomWanted = new Set<() => void>();
  readonly #emptied: (() => void)[] = [];

  constructor(name: string, receiver: Receiver) {
    this.name = name;
    this.#receiver = receiver;
  }

  get isUp(): boolean {
    return this.#isOpen;
  }

  get room(): number {
    return this.#isOpen ? this.#receiver.room() - this.#deliveries : 0;
  }

  put(envelope: Envelope, delivery?: Delivery): void {
    if (!this.#isOpen) return;
    if (delivery !== undefined) this.#deliveries += 1;
    this.#arrived.push({ envelope, delivery });
    if (this.#arrived.length === 1) setImmediate(() => this.#handOver());
  }

  whenRoom(callback: () => void): void {
    this.#roomWanted.add(callback);
    this.#watchRoom();
  }

  /** Resolves when all that has arrived so far is with core. */
  emptied(): Promise<void> {
    if (this.#arrived.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** The instance is cut off: what is sent to it now is lost, except for what the broker keeps. */
  close(): void {
    this.#isOpen = false;
  }

  reopen(): void {
    this.#isOpen = true;
    this.#offerRoom();
  }

  /** The instance is gone, and what is under way to it with it. */
  discard(): void {
    this.close();
    this.#arrived = [];
    this.#roomWanted.clear();
  }

  #handOver(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    this.#deliveries = 0;
    for (const { envelope, delivery } of arrived) this.#receiver.receive(envelope, delivery);
    for (const resolve of this.#emptied.splice(0)) resolve();
    this.#offerRoom();
  }

  #offerRoom(): void {
    if (this.room <= 0) {
      this.#watchRoom();
      return;
    }
    const callbacks = [...this.#roomWanted];
    this.#roomWanted.clear();
    for (const callback of callbacks) callback();
  }

  /** While something is under way or the inbox is closed, what ends that looks again. */
  #watchRoom(): void {
    if (this.#roomWanted.size === 0 || this.#isWatching || !this.#isOpen || this.#arrived.length > 0) return;
    this.#isWatching = true;
    void this.#receiver.whenRoom().then(() => {
      this.#isWatching = false;
      this.#offerRoom();
    });
  }
}
