import type { Request } from '@parley/core/transport';
import { writeRecord } from '../wire/write-record.ts';
import { Outgoing, type Settled } from './outgoing.ts';

/** Milliseconds that a request may have waited here without being written anew. */
const soon = 5;

/** A request says how long its caller still waits, when it leaves: it may have had to wait for its topic to be made. */
export class OutgoingRequest extends Outgoing {
  readonly #request: Request;
  readonly #instance: string;

  constructor(request: Request, instance: string, settled: Settled) {
    super(writeRecord(request, instance), {}, settled);
    this.#request = request;
    this.#instance = instance;
  }

  override leaves(now: number): void {
    const waited = now - this.since;
    const { timeout } = this.#request;
    if (waited < soon || timeout === 0) return;
    const left = Math.max(1, timeout - waited);
    this.headers = writeRecord({ ...this.#request, timeout: left }, this.#instance).headers;
  }
}
