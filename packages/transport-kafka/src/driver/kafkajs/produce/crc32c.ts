/** Castagnoli's polynomial, bits reversed: RFC 3720, section 12.1. */
const polynomial = 0x82f63b78;
/** Bytes that are looked up at once, one table for each ("slicing by 8"): kafkajs's way, with one, takes three times as long. */
const width = 8;
const tables = makeTables();

/** The checksum of a record batch. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  let index = 0;
  for (; index + width <= bytes.length; index += width) {
    const first = crc ^ int32(bytes, index);
    const second = int32(bytes, index + 4);
    crc =
      look(7, first) ^
      look(6, first >>> 8) ^
      look(5, first >>> 16) ^
      look(4, first >>> 24) ^
      look(3, second) ^
      look(2, second >>> 8) ^
      look(1, second >>> 16) ^
      look(0, second >>> 24);
  }
  for (; index < bytes.length; index += 1) crc = look(0, crc ^ (bytes[index] as number)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Little-endian. */
function int32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** What the lowest byte of `value` gives in a table. */
function look(table: number, value: number): number {
  return tables[256 * table + (value & 0xff)] as number;
}

/** One behind the other. */
function makeTables(): Uint32Array {
  const all = new Uint32Array(256 * width);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    all[byte] = crc;
  }
  for (let index = 256; index < all.length; index += 1) {
    const crc = all[index - 256] as number;
    all[index] = (all[crc & 0xff] as number) ^ (crc >>> 8);
  }
  return all;
}
