/** Where the fields of a record batch are: https://kafka.apache.org/documentation/#recordbatch */
export const batchField = {
  baseOffset: 0,
  length: 8,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  /** With its epoch and the number of its first record: 14 bytes. */
  producer: 43,
  count: 57,
  records: 61,
} as const;

/** The length of a batch does not count what stands before it, nor itself. */
export const beforeLength = 12;

/** @throws Error when a response holds an error: without it, records would be missing, and nobody would know why. */
export function check(code: number): void {
  if (code !== 0) throw new Error(`Kafka answers with error ${code}`);
}
