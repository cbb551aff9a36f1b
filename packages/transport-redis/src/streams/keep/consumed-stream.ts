import { Bag } from '@parley/core/transport';
import type { StreamDelivery } from './stream-delivery.ts';

/** A stream that this instance reads for its group, and what it has of it. */
export class ConsumedStream {
  readonly key: string;
  readonly kind: 'message' | 'event';
  readonly pattern: string;
  /** With core. */
  readonly open = new Bag<StreamDelivery>();
  /** Handled, and not acknowledged yet. */
  settled: string[] = [];
  /** Being acknowledged. */
  settling: readonly string[] = [];

  constructor(key: string, kind: 'message' | 'event', pattern: string) {
    this.key = key;
    this.kind = kind;
    this.pattern = pattern;
  }

  /** Whether an entry was handled, and Redis does not know yet. */
  isSettling(id: string): boolean {
    return this.settled.includes(id) || this.settling.includes(id);
  }

  /** Looks through all that core has: for what is rare. */
  find(id: string): StreamDelivery | undefined {
    return this.open.all.find((delivery) => delivery.id === id);
  }
}
