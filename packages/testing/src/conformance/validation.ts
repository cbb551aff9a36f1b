import { event, message, ValidationError } from '@parley/core';
import { expect, it } from 'vitest';
import { recordCalls, waitForCall } from '../helpers/record-calls.ts';
import { brokenSchema, lengthSchema, pageSchema } from './schemas.ts';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

const GetPage = message('pages.get', { request: pageSchema });
const GetLength = message('texts.length', { request: lengthSchema });
const GetText = message('texts.get', { reply: lengthSchema });
const Broken = message('broken', { request: brokenSchema });
const PageRead = event('page.read', { payload: pageSchema });

const issues = [{ message: 'page must be a number', path: ['field', 'inner'] }];

export function validation(subject: ConformanceSubject): void {
  theme(
    subject,
    'validation',
    async (stage) => {
      const getPage = recordCalls((data: { page: number }) => data.page);
      const pageRead = recordCalls();
      const service = await stage.service((host) =>
        host
          .message(GetPage, getPage)
          .message(GetLength, (length) => length)
          .message('texts.get', (data) => data)
          .message('texts.stream', async function* () {
            yield 'one';
            yield 2;
            yield 'three';
          })
          .message(Broken, () => 'never')
          .event(PageRead, pageRead),
      );
      return { service, getPage, pageRead, client: stage.client() };
    },
    (use) => {
      it('gives the handler what the schema gives', async () => {
        const { client } = use().shared;
        expect(await client.send(GetPage, { page: 2.5 })).toBe(2);
        expect(await client.send(GetLength, 'four')).toBe(4);
      });

      it('answers 422 with the issues, and does not run the handler', async () => {
        const { client, getPage } = use().shared;
        const before = getPage.calls.length;
        const error: unknown = await client.send('pages.get', { page: 'two' }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ValidationError);
        expect(error).toMatchObject({ code: 422, details: issues });
        await expect(client.send('texts.length', 5)).rejects.toMatchObject({ code: 422 });
        expect(getPage.calls).toHaveLength(before);
      });

      it('checks replies on the client, where the caller gets what the schema gives', async () => {
        const { client } = use().shared;
        expect(await client.send(GetText, 'four')).toBe(4);
        await expect(client.send(GetText, 4)).rejects.toMatchObject({ code: 422 });
        expect(await client.send('texts.get', 'seven', { responseType: lengthSchema })).toBe(5);
      });

      it('ends a stream with the first reply that is not valid', async () => {
        const { client } = use().shared;
        const lengths: number[] = [];
        const read = async () => {
          for await (const length of client.stream('texts.stream', undefined, { responseType: lengthSchema }))
            lengths.push(length);
        };
        await expect(read()).rejects.toMatchObject({ code: 422 });
        expect(lengths).toEqual([3]);
      });

      it('answers 500 when the schema itself throws', async () => {
        await expect(use().shared.client.send('broken')).rejects.toMatchObject({
          code: 500,
          message: 'Internal error',
        });
      });

      it('drops an invalid event without losing it silently, and does not try it again', async () => {
        const { stage, shared } = use();
        const { client, pageRead, service } = shared;
        await client.emit('page.read', { page: 'two' });
        await client.emit(PageRead, { page: 2.5 });
        await waitForCall(pageRead, { page: 2 }, { timeout: stage.patience });
        await stage.until(() => service.log.find('error', 'page.read').length === 1, 'the invalid event was logged');
        expect(pageRead.calls).toHaveLength(1);
        if (!subject.supports.deadLetters) return;
        const seen = async () => (await stage.world.deadLetters?.()) ?? [];
        await stage.until(async () => (await seen()).length === 1, 'the invalid event was among the dead letters');
        expect(await seen()).toMatchObject([{ pattern: 'page.read', attempts: 1, error: { code: 422 } }]);
      });
    },
  );
}
