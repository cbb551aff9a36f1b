import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  readonly scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/** kafkajs looks at each connection's queue every millisecond, also when there is nothing in it. A floor does not. */
export function stopIdleTimers(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue & { readonly isMended?: boolean };
  };
  if (prototype.isMended === true) return;
  const schedule = prototype.scheduleCheckPendingRequests;
  Object.assign(prototype, {
    isMended: true,
    scheduleCheckPendingRequests(this: RequestQueue) {
      if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
    },
  });
}
