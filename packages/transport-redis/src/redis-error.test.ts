import { RpcException } from '@parley/core/transport';
import { describe, expect, it } from 'vitest';
import { connectError, isReplyError, lostError, refusedError } from './redis-error.ts';

const system = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });
const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('connectError', () => {
  it.each([
    [system('ECONNREFUSED'), 503, /Cannot use Redis at a:1: nobody listens there/],
    [system('ENOTFOUND'), 503, /host name/],
    [system('ECONNRESET'), 503, /closed the connection/],
    [system('ETIMEDOUT'), 503, /firewall/],
    [system('ENOENT'), 503, /socket file/],
    [system('EACCES'), 400, /permission/],
    [system('EPROTO'), 400, /"tls"/],
    [system('SELF_SIGNED_CERT_IN_CHAIN'), 400, /"tls"/],
    [system('ERR_TLS_CERT_ALTNAME_INVALID'), 400, /"tls"/],
    [reply('NOAUTH Authentication required.'), 401, /"password"/],
    [reply('WRONGPASS invalid username-password pair or user is disabled.'), 401, /"username" and "password"/],
    [reply('NOPERM this user has no permissions to access one of the channels'), 403, /ACL/],
    [reply("ERR The user executing the script can't run this command or subcommand script: f00"), 403, /ACL/],
    [reply("OOM command not allowed when used memory > 'maxmemory'."), 503, /Redis is full/],
    [reply('MISCONF Redis is configured to save RDB snapshots'), 503, /cannot save/],
    [reply('ERR DB index is out of range'), 400, /"db"/],
    [reply('ERR SELECT is not allowed in cluster mode'), 400, /"db"/],
    [reply('ERR This instance has cluster support disabled'), 400, /"cluster"/],
    [reply('MOVED 1 127.0.0.1:7000'), 400, /"cluster"/],
    [reply("ERR unknown command 'SSUBSCRIBE'"), 501, /too old/],
    [reply('LOADING Redis is loading the dataset in memory'), 503, /loading/],
    [reply('READONLY You can’t write against a read only replica.'), 503, /replica/],
    [reply('CLUSTERDOWN The cluster is down'), 503, /at the moment/],
    [reply('ERR max number of clients reached'), 503, /clients/],
    [new Error('DENIED Redis is running in protected mode'), 403, /protected mode/],
    [new Error('Unknown RESP type 72 "H". Please report this.'), 400, /not Redis/],
    [new Error('whatever'), 503, /whatever/],
  ])('of %s has code %i and says what to check', (cause, code, message) => {
    expect(connectError(cause, 'a:1')).toMatchObject({ code, message: expect.stringMatching(message), cause });
  });

  it('reads the errors of several addresses, and of the nodes of a cluster', () => {
    const several = new AggregateError([system('EHOSTUNREACH'), system('ECONNREFUSED')]);
    expect(connectError(several, 'a:1').message).toMatch(/nobody listens/);
    const all = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: reply('NOAUTH x') });
    expect(connectError(all, 'a:1').code).toBe(401);
  });

  it('reads anything, and leaves what is clear already', () => {
    for (const thrown of [undefined, null, 'text', 1, {}]) expect(connectError(thrown, 'a:1').code).toBe(503);
    const clear = new RpcException('clear', { code: 409 });
    expect(connectError(clear, 'a:1')).toBe(clear);
  });
});

it('lostError says why, when it is known', () => {
  expect(lostError(undefined, 'a:1')).toMatchObject({ code: 502, message: expect.stringMatching(/Redis closed it/) });
  expect(lostError(system('ECONNRESET'), 'a:1').message).toMatch(/ECONNRESET/);
});

it('refusedError tells what may be tried again from what may not', () => {
  expect(refusedError(reply('LOADING x'), '"p" was not sent')).toMatchObject({ code: 503 });
  expect(refusedError(reply('NOPERM x'), '"p" was not sent')).toMatchObject({ code: 403 });
  expect(isReplyError(reply('x'))).toBe(true);
  expect(isReplyError(system('ECONNRESET'))).toBe(false);
});
