import { event } from '@parley/core';
import { recordCalls, waitForCall } from '@parley/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisDeadLetters, redisDeadLetters } from '../src/index.ts';
import { StreamsStage, until } from './streams-stage.ts';

let stage: StreamsStage;
let letters: RedisDeadLetters;
beforeEach(async () => {
  stage = await StreamsStage.open();
  letters = redisDeadLetters({ url: stage.server.url });
});
afterEach(async () => {
  await letters.close();
  await stage[Symbol.asyncDispose]();
});

const timeout = { timeout: 15_000 };
const once = { retry: { attempts: 1 } };
const list = (filter = {}) => Array.fromAsync(letters.list(filter));

/** A handler that fails until it is mended. */
function breakable() {
  const state = { isBroken: true };
  const handler = recordCalls(() => {
    if (state.isBroken) throw new Error('out of order');
  });
  return { handler, mend: () => (state.isBroken = false) };
}

describe('a dead letter', () => {
  it('says what failed, whose it was, why and when, and has the message as it was', async () => {
    const { handler } = breakable();
    await stage.instance((host) => host.event('user.created', handler, once));
    const before = Date.now();
    const payload = new Uint8Array([0, 255, 10]);
    await stage.client().emit('user.created', payload, { headers: { tenant: 'a' } });
    await until(async () => (await list()).length === 1, 'it was there');
    const [letter] = await list();
    expect(letter).toMatchObject({
      group: 'service',
      kind: 'event',
      pattern: 'user.created',
      attempts: 1,
      headers: { tenant: 'a' },
      error: { error: 'out of order', code: 500, metadata: { handlers: [{ attempts: 1 }] } },
    });
    expect(letter?.body).toEqual(payload);
    expect(Math.abs((letter?.diedAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
    expect(await stage.pending(stage.names.stream('event', 'user.created'))).toBe(0);
  });

  it('is put back for the group that failed, and for no other', async () => {
    const { handler, mend } = breakable();
    const fine = recordCalls();
    const everywhere = recordCalls();
    await stage.instance((host) => host.event('paid', handler, once), { group: 'a' });
    await stage.instance((host) => host.event('pai*', fine), { group: 'b' });
    await stage.instance((host) => host.event('paid', everywhere, { broadcast: true }), { group: 'c' });
    const client = stage.client();
    await client.emit('paid', { amount: 1 });
    await until(async () => (await list({ group: 'a', pattern: 'paid' })).length === 1, 'it was there');
    await waitForCall(fine, { amount: 1 }, timeout);
    mend();
    expect(await letters.redrive({ group: 'a' })).toBe(1);
    await until(() => handler.calls.length === 2, 'it was handled again');
    expect(handler.calls[1]).toMatchObject({ data: { amount: 1 }, context: { attempt: 1 } });
    expect(await list()).toEqual([]);
    // What comes after it has overtaken nothing: by then the others would have had it, too.
    await client.emit('paid', 'last');
    for (const other of [fine, everywhere]) {
      await waitForCall(other, 'last', timeout);
      expect(other.calls).toHaveLength(2);
    }
    const stream = stage.names.stream('event', 'paid');
    for (const group of ['a', 'b']) {
      await until(async () => (await stage.pending(stream, group)) === 0, 'all was acknowledged');
    }
  });

  it('may fail again, and is put back again', async () => {
    const { handler, mend } = breakable();
    await stage.instance((host) => host.event('again', handler, once));
    await stage.client().emit('again', 1);
    for (let round = 1; round <= 3; round += 1) {
      await until(async () => (await list()).length === 1 && handler.calls.length === round, 'it was there again');
      if (round === 3) mend();
      expect(await letters.redrive(await list())).toBe(1);
    }
    await until(() => handler.calls.length === 4, 'it was handled');
    expect(await list()).toEqual([]);
  });

  it('is put back or removed once, whoever does it', async () => {
    const { handler, mend } = breakable();
    await stage.instance((host) => host.event('once', handler, once));
    const client = stage.client();
    for (const data of [1, 2, 3]) await client.emit('once', data);
    await until(async () => (await list()).length === 3, 'they were there');
    mend();
    const all = await list();
    expect(await letters.remove(all.slice(0, 1))).toBe(1);
    const counts = await Promise.all([letters.redrive(all), letters.redrive(all), letters.redrive()]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(2);
    await until(() => handler.calls.length === 5, 'they were handled');
    expect(await letters.redrive(all)).toBe(0);
    expect(await letters.remove({})).toBe(0);
  });

  it('is listed with all others, page by page, in the order in which they died', async () => {
    const { handler } = breakable();
    await stage.instance((host) => host.event('many', handler, once));
    const client = stage.client();
    await Promise.all(Array.from({ length: 250 }, (_, index) => client.emit('many', index)));
    await until(async () => (await list()).length === 250, 'they were there');
    const ids = (await list({ pattern: 'many', kind: 'event' })).map(({ id }) => id);
    expect(new Set(ids).size).toBe(250);
    expect(await list({ pattern: 'other' })).toEqual([]);
    expect(await list({ kind: 'message' })).toEqual([]);
    expect(await list({ group: 'other' })).toEqual([]);
  });

  it('is made only when it cannot be healed', async () => {
    const { handler } = breakable();
    const NotTwice = event('not.twice', { idempotent: false });
    await stage.instance((host) => host.event(NotTwice, handler));
    await stage.client().emit(NotTwice, 1);
    await waitForCall(handler, 1, timeout);
    const stream = stage.names.stream('event', 'not.twice');
    await until(async () => (await stage.pending(stream)) === 0, 'it was acknowledged');
    expect(await list()).toEqual([]);
  });

  it('takes no more room than was allowed', async () => {
    const { handler } = breakable();
    await stage.instance((host) => host.event('limited', handler, once), { maxDeadLetters: 10 });
    const client = stage.client();
    await Promise.all(Array.from({ length: 500 }, (_, index) => client.emit('limited', index)));
    await until(async () => (await stage.pending(stage.names.stream('event', 'limited'))) === 0, 'all were handled');
    await until(() => handler.calls.length === 500, 'all were handled');
    // Redis trims whole nodes of a stream: 100 entries by default.
    expect((await list()).length).toBeLessThan(220);
  });
});

describe('a filter', () => {
  it('that is none is refused by name, and touches nothing', async () => {
    const { handler } = breakable();
    await stage.instance((host) => host.event('paid', handler, once));
    await stage.client().emit('paid', 1);
    await until(async () => (await list()).length === 1, 'it was there');
    const wrong = { code: 400, message: expect.stringContaining('"patern"') };
    await expect(letters.remove({ patern: 'other' } as never)).rejects.toMatchObject(wrong);
    await expect(letters.redrive({ patern: 'other' } as never)).rejects.toMatchObject(wrong);
    await expect(list({ patern: 'other' })).rejects.toMatchObject(wrong);
    const unset = { code: 400, message: expect.stringContaining('"pattern" must be left out to mean all') };
    await expect(letters.remove({ pattern: undefined } as never)).rejects.toMatchObject(unset);
    await expect(letters.redrive({ pattern: undefined } as never)).rejects.toMatchObject(unset);
    for (const none of [undefined, null, 5, list()]) {
      await expect(letters.remove(none as never)).rejects.toMatchObject({ code: 400 });
    }
    expect(await list()).toHaveLength(1);
  });

  it('without a group means the group of the options, also as undefined', async () => {
    const { handler } = breakable();
    for (const group of ['a', 'b']) await stage.instance((host) => host.event('paid', handler, once), { group });
    await stage.client().emit('paid', 1);
    await until(async () => (await list()).length === 2, 'both were there');
    await using ofA = redisDeadLetters({ url: stage.server.url, group: 'a' });
    expect(await Array.fromAsync(ofA.list({ group: undefined }))).toMatchObject([{ group: 'a' }]);
    expect(await ofA.remove({ group: undefined, pattern: 'paid' })).toBe(1);
    expect(await list()).toMatchObject([{ group: 'b' }]);
    await expect(letters.remove({ group: undefined })).rejects.toMatchObject({ code: 400 });
    // What is listed may be given as it comes.
    expect(await letters.remove(letters.list({ group: 'a' }))).toBe(0);
    expect(await letters.remove(letters.list({ group: 'b' }))).toBe(1);
  });
});

it('what Redis does not do is an RpcException, which says what it was', async () => {
  const { handler } = breakable();
  await stage.instance((host) => host.event('paid', handler, once));
  await stage.client().emit('paid', 1);
  await until(async () => (await list()).length === 1, 'it was there');
  await stage.redis.call('ACL', 'SETUSER', 'looker', 'on', '>secret', '~parley:*', '&parley:*', '+@all', '-xdel');
  await using looker = redisDeadLetters({ url: stage.server.url, username: 'looker', password: 'secret' });
  await expect(looker.redrive()).rejects.toMatchObject({
    name: 'RpcException',
    code: 403,
    message: expect.stringContaining('the ACL of the user does not allow it'),
  });
  expect(await list()).toHaveLength(1);
  stage.server.pause();
  const listing = list();
  listing.catch(() => undefined);
  const removing = letters.remove({});
  removing.catch(() => undefined);
  await letters.close();
  stage.server.resume();
  for (const pending of [listing, removing]) {
    await expect(pending).rejects.toMatchObject({ name: 'RpcException' });
  }
});

describe('an entry that nobody can read', () => {
  it.each<[string, string[]]>([
    ['fields of somebody else', ['foo', 'bar', 'd', 'mine']],
    ['a head that is not JSON', ['h', '{', 'b', 'x']],
    ['another version', ['h', '[2,"event"]']],
    ['a message among events', ['h', '[1,"request","client-1/1",1000,0,"text"]', 'b', '1']],
    ['an answer', ['h', '[1,"complete",1,"service-1",0]']],
    ['headers that are none', ['h', '[1,"event",null,"text",null,{"parley-x":"1"}]', 'b', '1']],
    ['a thousand fields and more', Array.from({ length: 6000 }, (_, index) => `f${index}`)],
  ])('goes to the dead letters and blocks nothing: %s', async (_, fields) => {
    const handler = recordCalls();
    const { warnings } = await stage.instance((host) => host.event('poisoned', handler));
    const stream = stage.names.stream('event', 'poisoned');
    await stage.redis.xadd(stream, '*', ...fields);
    await stage.client().emit('poisoned', 'healthy');
    await waitForCall(handler, 'healthy', timeout);
    await until(async () => (await list()).length === 1, 'it was there');
    expect(await list()).toMatchObject([{ group: 'service', pattern: 'poisoned', attempts: 0 }]);
    expect(warnings.having('cannot be read')).toHaveLength(1);
    await until(async () => (await stage.pending(stream)) === 0, 'all was acknowledged');
    expect(handler.calls).toHaveLength(1);
  });

  it('is answered, when it is a request with wrong headers', async () => {
    await stage.instance((host) => host.message('asked', () => 1));
    const client = stage.client();
    await client.connect();
    const channel = 'parley:i:asker-1';
    const asker = stage.redis.duplicate();
    const answers: string[] = [];
    asker.on('message', (_, message: string) => answers.push(message));
    await asker.subscribe(channel);
    const head = '[1,"request","asker-1/7",60000,0,"text",null,{"Not Allowed":"1"}]';
    await stage.redis.xadd(stage.names.stream('message', 'asked'), '*', 'h', head, 'b', '1');
    await until(() => answers.length === 1, 'it was answered');
    expect(answers[0]).toMatch(/^\[1,"error",7,/);
    expect(answers[0]).toContain('"code":400');
    asker.disconnect();
  });
});

it('letters that nobody can read are not listed, and harm no others', async () => {
  const { handler } = breakable();
  await stage.instance((host) => host.event('x', handler, once));
  await stage.client().emit('x', 1);
  await until(async () => (await list()).length === 1, 'it was there');
  const [letter] = await list();
  await stage.redis.xadd(letter?.key ?? '', '*', 'foo', 'bar');
  await stage.redis.sadd('parley:dead', 'nonsense', 'parley:d:e:{y}:service');
  expect(await list()).toHaveLength(1);
});

it('letters cannot be had without Redis, nor when they are closed', async () => {
  await stage.server.stop();
  await expect(list()).rejects.toMatchObject({ code: 503 });
  await stage.server.start();
  expect(await list()).toEqual([]);
  await letters.close();
  await letters.close();
  await expect(list()).rejects.toMatchObject({ code: 503 });
  expect(() => redisDeadLetters({ url: 'nonsense' })).toThrow(expect.objectContaining({ code: 400 }));
});
