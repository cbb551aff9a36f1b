/** What somebody who does not speak Parley seems to speak, by the first bytes; for the log of who configured it. */
export function describeStranger(chunk: Buffer): string | undefined {
  if (chunk[0] === 0x16 && chunk[1] === 0x03) return 'it speaks TLS, and this side is not configured for it';
  const start = chunk.toString('latin1', 0, 8);
  if (/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|PRI) |^HTTP\//.test(start)) return 'it speaks HTTP, not Parley';
  if (chunk.length >= 4 && chunk.readUInt32BE(0) > 0x00ff_ffff) return 'it does not speak Parley';
  return undefined;
}
