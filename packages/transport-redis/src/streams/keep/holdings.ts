import {
  type CallId,
  type DeadReason,
  type Envelope,
  errorToWire,
  kindsOn,
  type Receiver,
  RpcCode,
  RpcException,
  readEnvelope,
} from '@parley/core/transport';
import type { RedisSource } from '../../redis-context.ts';
import { withoutCommand } from '../../without-command.ts';
import { writeLetter } from '../dead/letter.ts';
import { type Entry, readEntry } from '../entry.ts';
import type { Membership } from '../group/membership.ts';
import { buryScript } from '../redis/scripts.ts';
import { deadLettersKey, deadLettersSet } from '../stream-keys.ts';
import { Acks } from './acks.ts';
import type { ConsumedStream } from './consumed-stream.ts';
import type { Doubts } from './doubts.ts';
import { FirstAcks } from './first-acks.ts';
import { type Settling, StreamDelivery } from './stream-delivery.ts';

/** Where entries go, and what they need to know. */
export interface HoldingsOwner {
  readonly receive: Receiver['receive'];
  /** Whether what this instance has is still its own. */
  readonly doubts: () => Doubts;
  /** Milliseconds that a request has waited in its stream. */
  readonly waited: (stream: ConsumedStream, id: string) => number;
  /** Answers a request that core never sees. */
  readonly refuse: (id: CallId, reason: RpcException) => void;
}

/** What this instance has of its group's streams: hands entries to core, and settles them as core says. */
export class Holdings implements Settling {
  readonly acks: Acks;
  readonly #firstAcks: FirstAcks;
  readonly #member: Membership;
  readonly #owner: HoldingsOwner;
  /** Requests that were handled here while another instance took them over: it will answer. */
  readonly #lostCalls = new Set<CallId>();
  /** Keys of dead letters that are known to be in the set of them all. */
  readonly #announced = new Set<string>();

  constructor(member: Membership, owner: HoldingsOwner) {
    this.#member = member;
    this.#owner = owner;
    this.acks = new Acks(member);
    this.#firstAcks = new FirstAcks(member);
  }

  /** Whether the answer to a request is another instance's business. */
  isLost(id: CallId): boolean {
    return this.#lostCalls.size > 0 && this.#lostCalls.has(id);
  }

  /** Redis may have been restarted empty. */
  forgetAnnounced(): void {
    this.#announced.clear();
  }

  /** An entry came: to core with it, unless it cannot be read. @param attempt how often it was delivered, with this time. */
  accept(stream: ConsumedStream, id: string, fields: readonly Buffer[], attempt: number): void {
    // It was taken back while this process hung; it runs already.
    if (attempt > 1 && (stream.find(id) !== undefined || stream.isSettling(id))) return;
    const delivery = new StreamDelivery(this, stream, id, fields, attempt);
    let envelope: Envelope;
    try {
      const entry = readEntry(fields);
      if (entry === undefined) throw noHead();
      if (entry.group !== undefined && entry.group !== this.#member.group) {
        this.acks.add(stream, id);
        return;
      }
      envelope = this.#read(delivery, entry);
    } catch (error) {
      void this.#discard(delivery, RpcException.from(error));
      return;
    }
    stream.open.add(delivery);
    this.#owner.receive(envelope, delivery);
  }

  settle(delivery: StreamDelivery): void {
    if (delivery.state === 'lost') return;
    const doubts = this.#owner.doubts();
    if (!doubts.exist) {
      this.#acknowledge(delivery);
      return;
    }
    delivery.isDone = true;
    void doubts.defer(() => this.#acknowledge(delivery));
  }

  settleFirst(delivery: StreamDelivery): Promise<boolean> {
    // Not renewed any more: if Redis does not confirm it, the lease runs out, and the entry comes again.
    if (delivery.state === 'lost' || !delivery.stream.open.delete(delivery)) return Promise.resolve(false);
    return this.#firstAcks.add(delivery);
  }

  /** Where Redis cannot be asked, nobody can take anything over. */
  async isOurs(delivery: StreamDelivery): Promise<boolean> {
    const doubts = this.#owner.doubts();
    if (doubts.exist) await doubts.defer(() => undefined);
    return delivery.state !== 'lost';
  }

  async bury(delivery: StreamDelivery, why: DeadReason): Promise<void> {
    const { stream, id, fields, state } = delivery;
    if (state === 'lost' || !stream.open.has(delivery)) return;
    const { redis, names, group, consumer, options } = this.#member;
    const letters = deadLettersKey(names, stream.key, group);
    try {
      if (!this.#announced.has(letters)) await redis.sadd(deadLettersSet(names), letters);
      this.#announced.add(letters);
      const letter = writeLetter({ stream: stream.key, entryId: id, group, attempts: why.attempts }, why.body, fields);
      const isTrimmed = delivery.state === 'trimmed' ? 1 : 0;
      const args = [group, consumer, id, options.maxDeadLetters, isTrimmed, ...letter];
      await buryScript.run(redis, [stream.key, letters], args);
    } catch (cause) {
      const message = `The entry ${id} of "${stream.key}" could not be put among the dead letters`;
      throw new RpcException(message, { code: RpcCode.Unavailable, cause: withoutCommand(cause) });
    }
    stream.open.delete(delivery);
  }

  /** Its lease ran out. @param isTaken whether another instance has it now, or had it: then the answer is its own. */
  lose(delivery: StreamDelivery, isTaken: boolean): void {
    const { callId, stream, isDone } = delivery;
    delivery.state = 'lost';
    stream.open.delete(delivery);
    if (!isTaken || callId === undefined) return;
    if (isDone) this.#lostCalls.add(callId);
    // As if its caller did not want it from here any more: the handler can stop, and nothing of it is answered.
    else this.#owner.receive({ kind: 'cancel', id: callId, to: undefined, pattern: stream.pattern });
  }

  /** The streams are gone, and with them whoever else could have had what this instance has. */
  outlive(stream: ConsumedStream): void {
    for (const delivery of stream.open.all) delivery.state = 'trimmed';
  }

  /** @throws RpcException for what nobody can handle; a request's caller is told. */
  #read(delivery: StreamDelivery, { head, body }: Entry): Envelope {
    const { stream, id, attempt } = delivery;
    const { pattern, kind } = stream;
    const source: RedisSource = { channel: stream.key, entryId: id, deliveryCount: attempt };
    const waited = kind === 'message' ? this.#owner.waited(stream, id) : 0;
    const kinds = kind === 'message' ? kindsOn.requests : kindsOn.events;
    const { maxBody } = this.#member;
    const envelope = readEnvelope(head, body, { pattern, source, audience: 'group', waited, kinds, maxBody });
    if (envelope.kind === 'refused') {
      if (envelope.id !== undefined) this.#owner.refuse(envelope.id, envelope.reason);
      throw envelope.reason;
    }
    if (envelope.kind === 'request') delivery.callId = envelope.id;
    else if (envelope.kind === 'event' && envelope.key !== undefined) delivery.lane = `${pattern}\0${envelope.key}`;
    return envelope;
  }

  #acknowledge(delivery: StreamDelivery): void {
    const { stream, id, state, callId } = delivery;
    if (state === 'lost') {
      if (callId !== undefined) this.#lostCalls.delete(callId);
    } else if (stream.open.delete(delivery)) this.acks.add(stream, id);
  }

  /** What nobody can handle: it would come again and again. Never rejects; if it cannot be buried, its lease runs out. */
  async #discard(delivery: StreamDelivery, reason: RpcException): Promise<void> {
    const { stream, id, attempt } = delivery;
    this.#member.warn(`redis: the entry ${id} of "${stream.key}" cannot be read: ${reason.message}`);
    stream.open.add(delivery);
    try {
      await this.bury(delivery, { body: errorToWire(reason), attempts: attempt - 1 });
    } catch (error) {
      this.#member.warn(`redis: the entry ${id} of "${stream.key}" could not be put among the dead letters`, error);
    } finally {
      stream.open.delete(delivery);
    }
  }
}

function noHead(): RpcException {
  return new RpcException('Not a message of Parley: it has no head', { code: RpcCode.BadRequest });
}
