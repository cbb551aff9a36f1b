/** Castagnoli's polynomial, bits reversed. */
const polynomial = 0x82f63b78;
/** Eight tables one behind the other, for eight bytes at once ("slicing by 8"). */
const tables = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  tables[byte] = crc;
}
for (let index = 256; index < tables.length; index += 1) {
  const crc = tables[index - 256] as number;
  tables[index] = look(0, crc) ^ (crc >>> 8);
}

/** The checksum of a record batch. */
export function crc32c(bytes: Buffer, begin: number, end: number): number {
  let crc = -1;
  let at = begin;
  for (; at + 8 <= end; at += 8) {
    crc =
      look(7, crc ^ (bytes[at] as number)) ^
      look(6, (crc >>> 8) ^ (bytes[at + 1] as number)) ^
      look(5, (crc >>> 16) ^ (bytes[at + 2] as number)) ^
      look(4, (crc >>> 24) ^ (bytes[at + 3] as number)) ^
      look(3, bytes[at + 4] as number) ^
      look(2, bytes[at + 5] as number) ^
      look(1, bytes[at + 6] as number) ^
      look(0, bytes[at + 7] as number);
  }
  for (; at < end; at += 1) crc = look(0, crc ^ (bytes[at] as number)) ^ (crc >>> 8);
  return ~crc;
}

/** What the lowest byte of `value` gives in a table. */
function look(table: number, value: number): number {
  return tables[256 * table + (value & 0xff)] as number;
}
