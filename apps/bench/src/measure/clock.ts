/** Milliseconds by the machine's monotonic clock: the same in every process. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
