let now: number | undefined;
/** Its reactions come when the turn's own code is through; `queueMicrotask` makes an AsyncResource for each, too. */
const settled = Promise.resolve();

/**
 * `performance.now()` as it was when it was first asked for in this turn of the event loop: what arrives in one chunk has arrived
 * at one time, and reading the clock takes as long as parsing a small body.
 */
export function turnStart(): number {
  if (now === undefined) {
    now = performance.now();
    void settled.then(forget);
  }
  return now;
}

function forget(): void {
  now = undefined;
}
