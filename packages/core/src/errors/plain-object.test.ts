import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isPlainObject } from './plain-object.ts';

it.each<[string, unknown]>([
  ['an object literal', { a: 1 }],
  ['an object without a prototype', Object.create(null)],
  ['one of another realm', runInNewContext('({ a: 1 })')],
])('%s is one', (_name, value) => {
  expect(isPlainObject(value)).toBe(true);
});

it.each<[string, unknown]>([
  ['null', null],
  ['undefined', undefined],
  ['text', 'a'],
  ['a function', () => 1],
  ['an array', []],
  ['an array of another realm', runInNewContext('[]')],
  ['a Map', new Map()],
  ['a Date', new Date()],
  ['an Error', new Error('x')],
  ['an instance', new (class A {})()],
  ['what is made from an object', Object.create({ a: 1 })],
])('%s is none', (_name, value) => {
  expect(isPlainObject(value)).toBe(false);
});
