import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

/** Names that envelopes, drivers and JavaScript itself use for their own. */
const tellingNames = [
  'key',
  'value',
  'pattern',
  'id',
  'data',
  'kind',
  'body',
  'error',
  'code',
  'headers',
  'then',
  'type',
  'length',
  'constructor',
  'prototype',
  'toString',
  '0',
];

/** What JSON can hold: -0 is 0 there, and `__proto__` is refused. */
const jsonValue = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...tellingNames)), tie('value'), { maxKeys: 5 }),
    ),
  }))
  .value.map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown);

const lookAlikes = [
  '',
  ' ',
  '{}',
  '[]',
  'null',
  'true',
  '1',
  '"quoted"',
  '{"a":1}',
  '\\u0041',
  '\u0000',
  '\uFEFFbom',
  '\r\n',
  '__proto__',
  'undefined',
  '[object Object]',
  '\u2028',
  '👩‍👩‍👧',
  'ﷺ',
  '\ud800',
];

const numbers = [0, 1, -1, 0.1, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 53, 1e21];

/** Of random values no more are tried than there is time for, in milliseconds. */
const timeLimit = 15_000;

export function fidelity(subject: ConformanceSubject): void {
  theme(
    subject,
    'payload fidelity',
    async (stage) => {
      const event = recordCalls();
      await stage.service((host) =>
        host
          .message('echo', (data) => data)
          .message('echo.stream', async function* (data) {
            yield data;
            yield data;
          })
          .message('class', (data) => [(data as object).constructor.name, (data as Uint8Array).byteLength])
          .message('spoil', (data) => {
            (data as Uint8Array).fill(0);
          })
          .message('proto', () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown)
          .event('seen', event),
      );
      return { client: stage.client(), event };
    },
    (use) => {
      it('carries any JSON value', async () => {
        const { stage, shared } = use();
        await fc.assert(
          fc.asyncProperty(jsonValue, async (value) => {
            // Not `toStrictEqual`, which trips over a key called `constructor`.
            expect(isDeepStrictEqual(await shared.client.send('echo', value), value)).toBe(true);
          }),
          { numRuns: stage.scaled(300), interruptAfterTimeLimit: timeLimit },
        );
      });

      it('carries any bytes', async () => {
        const { stage, shared } = use();
        await fc.assert(
          fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
            expect(await shared.client.send('echo', bytes)).toStrictEqual(bytes);
          }),
          { numRuns: stage.scaled(100), interruptAfterTimeLimit: timeLimit },
        );
      });

      it('carries text that looks like something else, and numbers to the last digit', async () => {
        const { client } = use().shared;
        for (const value of [...lookAlikes, ...numbers]) {
          expect(await client.send('echo', value)).toBe(value);
          expect(await client.send('echo', { value, key: value, pattern: [value] })).toStrictEqual({
            value,
            key: value,
            pattern: [value],
          });
        }
      });

      it('carries bytes as a Uint8Array: empty, a Buffer, a view into something larger', async () => {
        const { client } = use().shared;
        expect(await client.send('echo', new Uint8Array(0))).toStrictEqual(new Uint8Array(0));
        expect(await client.send('class', new Uint8Array(0))).toEqual([
          expect.stringMatching(/^(Uint8Array|Buffer)$/),
          0,
        ]);
        const every = Uint8Array.from({ length: 256 }, (_, index) => index);
        for (const bytes of [every, Buffer.from(every), every.subarray(10, 20)]) {
          const echoed = (await client.send('echo', bytes)) as Uint8Array;
          expect(echoed).toBeInstanceOf(Uint8Array);
          expect([...echoed]).toEqual([...bytes]);
        }
      });

      it('carries all of it in streams and events, too', async () => {
        const { stage, shared } = use();
        for (const value of [null, undefined, '', '{}', { key: 'k', value: null }, new Uint8Array([0, 255])]) {
          for await (const reply of shared.client.stream('echo.stream', value)) expect(reply).toStrictEqual(value);
          await shared.client.emit('seen', value);
          await waitForCall(shared.event, ({ data }) => Object.is(JSON.stringify(data), JSON.stringify(value)), {
            timeout: stage.patience,
          });
        }
      });

      it('refuses the key "__proto__", wherever it is, and goes on: 400 for a request, 500 for a reply', async () => {
        const { client } = use().shared;
        for (const text of ['{"__proto__":{"polluted":true}}', '{"a":[{"__proto__":null}]}', '{"\\u005f_proto__":1}']) {
          await expect(client.send('echo', JSON.parse(text))).rejects.toMatchObject({ code: 400 });
        }
        await expect(client.send('proto')).rejects.toMatchObject({ code: 500 });
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        expect(await client.send('echo', { proto: '__proto__' })).toEqual({ proto: '__proto__' });
      });

      it('changes nothing of the caller’s, and does not look at it again', async () => {
        const { client } = use().shared;
        const frozen = deepFreeze({ list: [{ a: 1 }], text: 'x' });
        expect(await client.send('echo', frozen)).toEqual(frozen);
        const changing = { value: 1 };
        const call = client.send('echo', changing);
        changing.value = 2;
        expect(await call).toEqual({ value: 1 });
        const bytes = new Uint8Array([1, 2, 3]);
        await client.send('spoil', bytes);
        expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
      });

      it('carries JSON as deep as a stack allows, and refuses what is deeper without harm', async () => {
        const { client } = use().shared;
        const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
        expect(await client.send('echo', nested(1000))).toEqual(nested(1000));
        const deep = await client.send('echo', nested(5000)).catch((thrown: unknown) => thrown);
        expect(deep).toBeDefined();
        expect(await client.send('echo', 'still there')).toBe('still there');
      });
    },
  );
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
