import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export function headers(subject: ConformanceSubject): void {
  theme(
    subject,
    'headers',
    async (stage) => {
      const event = recordCalls();
      const service = await stage.service((host) =>
        host
          .message('headers', (_, context) => ({ ...context.headers }))
          .message('headers.stream', async function* (_, context) {
            yield { ...context.headers };
          })
          .message('headers.through', () => client.send('headers', undefined, { headers: { own: 'inner' } }))
          .message('headers.through.replaced', () =>
            client.send('headers', undefined, { headers: { traceparent: 'inner' } }),
          )
          .event('headers.event', event),
      );
      const client = service.client();
      return { client, event };
    },
    (use) => {
      it.each([
        ['one', { 'x-tenant': 'acme' }],
        [
          'several (custom metadata)',
          { 'x-grpc-test-echo-initial': 'test_initial_metadata_value', traceparent, 'x.dot_under-dash': '1' },
        ],
        ['unicode and whitespace values', { name: 'Grüße, 世界 😈', spaced: '  in and out\t', empty: '' }],
        ['values that look like JSON', { json: '{"a":1}', number: '1', bool: 'true', null: 'null' }],
        ['line breaks', { lines: 'one\r\ntwo\nthree', zero: 'a\u0000b' }],
        ['8 KiB', { large: 'x'.repeat(8192 - 5) }],
      ])('arrive as they were given: %s', async (_, given) => {
        const { client } = use().shared;
        expect(await client.send('headers', undefined, { headers: given })).toEqual(given);
      });

      it('are none when none are given, and are not kept from one call to the next', async () => {
        const { client } = use().shared;
        await client.send('headers', undefined, { headers: { a: 'b' } });
        expect(await client.send('headers')).toEqual({});
        expect(await client.send('headers', undefined, { headers: {} })).toEqual({});
      });

      it('come with streams and events, too', async () => {
        const { stage, shared } = use();
        const given = { traceparent, 'x-tenant': 'Müller' };
        const replies = shared.client.stream('headers.stream', undefined, { headers: given });
        for await (const seen of replies) expect(seen).toEqual(given);
        await shared.client.emit('headers.event', 'here', { headers: given });
        const { context } = await waitForCall(shared.event, 'here', { timeout: stage.patience });
        expect({ ...context.headers }).toEqual(given);
      });

      it('pass traceparent and baggage on to the calls of the handler, and nothing else', async () => {
        const { client } = use().shared;
        const given = {
          traceparent,
          tracestate: 'a=b',
          baggage: 'user=1',
          'x-tenant': 'acme',
          authorization: 'secret',
        };
        const seen = await client.send('headers.through', undefined, { headers: given });
        expect(seen).toEqual({ traceparent, tracestate: 'a=b', baggage: 'user=1', own: 'inner' });
        const replaced = await client.send('headers.through.replaced', undefined, { headers: { traceparent } });
        expect(replaced).toEqual({ traceparent: 'inner' });
      });

      it.each([
        ['upper case', { Tenant: 'a' }],
        ['a space', { 'a b': 'c' }],
        ['no name', { '': 'a' }],
        ['a name that is not ASCII', { größe: 'a' }],
        ['a reserved name', { 'parley-version': '1' }],
        ['a number', { count: 1 }],
        ['null', { a: null }],
        ['more than 8 KiB', { large: 'x'.repeat(8192) }],
        ['more than 8 KiB of UTF-8', { large: '€'.repeat(3000) }],
        ['an array', ['a']],
        ['text', 'a: b'],
      ])('are refused with 400: %s', async (_, given) => {
        const { client } = use().shared;
        const options = { headers: given as never };
        await expect(client.send('headers', undefined, options)).rejects.toMatchObject({ code: 400 });
        await expect(client.emit('headers.event', undefined, options)).rejects.toMatchObject({ code: 400 });
      });

      it('are not changed, and not looked at again after the call was made', async () => {
        const { client } = use().shared;
        const given: Record<string, string> = { a: '1' };
        const call = client.send('headers', undefined, { headers: given });
        given['a'] = '2';
        given['b'] = '3';
        expect(await call).toEqual({ a: '1' });
        const frozen = Object.freeze({ a: '1' });
        expect(await client.send('headers', undefined, { headers: frozen })).toEqual({ a: '1' });
      });
    },
  );
}
