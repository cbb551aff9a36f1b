import { RpcCode, RpcException } from '../errors/index.ts';
import { returnNumber } from './return-address.ts';

/** The head as JSON gave it. Every reader here throws an RpcException 400 that says which field is wrong. */
export type Fields = readonly unknown[];

export function optional<T>(fields: Fields, index: number, read: (fields: Fields, index: number) => T): T | undefined {
  return fields[index] === undefined || fields[index] === null ? undefined : read(fields, index);
}

export function text(fields: Fields, index: number): string {
  const value = fields[index];
  if (typeof value === 'string') return value;
  throw wrongField(index, 'a text', value);
}

export function name(fields: Fields, index: number): string {
  const value = fields[index];
  if (typeof value === 'string' && value !== '' && value.length <= 1024) return value;
  throw wrongField(index, 'a text of 1 to 1024 characters', value);
}

/** An id that leads back to who asked. */
export function address(fields: Fields, index: number): string {
  const value = name(fields, index);
  if (returnNumber(value) === undefined) throw wrongField(index, 'a return address', value);
  return value;
}

export function uint32(fields: Fields, index: number): number {
  const value = fields[index];
  if (isCount(value) && value <= 0xffff_ffff) return value;
  throw wrongField(index, 'a whole number below 2^32', value);
}

export function count(fields: Fields, index: number): number {
  const value = fields[index];
  if (isCount(value)) return value;
  throw wrongField(index, 'a whole number of at least 0', value);
}

export function flag(fields: Fields, index: number): boolean {
  const value = fields[index];
  if (typeof value === 'boolean') return value;
  throw wrongField(index, 'true or false', value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrongField(index: number, rule: string, value: unknown): RpcException {
  return malformed(`its field ${index} must be ${rule}, got ${show(value)}`);
}

export function malformed(what: string): RpcException {
  return new RpcException(`A message whose head cannot be read: ${what}`, { code: RpcCode.BadRequest });
}

/** In a few words, whatever it is: what came may be deep or huge. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 64));
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
