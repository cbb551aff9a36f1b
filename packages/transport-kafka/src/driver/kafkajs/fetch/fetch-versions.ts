/** The versions of Fetch whose messages are batches of records, as far as kafkajs knows versions. */
export function isKnownVersion(version: unknown): version is number {
  return typeof version === 'number' && version >= 4 && version <= 11;
}

/** Since when a field is there: https://kafka.apache.org/protocol.html#The_Messages_Fetch */
export const since = { logStartOffset: 5, session: 7, ownThrottling: 8, leaderEpoch: 9, rack: 11 };
