import { describe, expect, it } from 'vitest';
import { connectError, listenError, lostError } from './tcp-error.ts';

const system = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('connectError', () => {
  it.each([
    ['ECONNREFUSED', 503, /Cannot connect to a:1: nobody listens there/],
    ['ENOTFOUND', 503, /host name/],
    ['ECONNRESET', 503, /closed the connection/],
    ['ETIMEDOUT', 503, /firewall/],
    ['ENOENT', 503, /socket file/],
    ['EHOSTUNREACH', 503, /no route/],
    ['EACCES', 400, /permission/],
    ['EPROTO', 400, /TLS/],
    ['CERT_HAS_EXPIRED', 400, /certificate is refused.*tls.ca/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 400, /certificate is refused/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 400, /refuses our TLS.*tls.cert/],
    ['ERR_OSSL_PEM_NO_START_LINE', 400, /connect ERR_OSSL/],
    ['EWHATEVER', 503, /connect EWHATEVER/],
  ])('of %s has code %i and says what to check', (name, code, message) => {
    const cause = system(name);
    expect(connectError(cause, 'a:1')).toMatchObject({ code, message: expect.stringMatching(message), cause });
  });

  it('reads the errors of several addresses as one', () => {
    const several = new AggregateError([system('EHOSTUNREACH'), system('ECONNREFUSED')]);
    expect(connectError(several, 'a:1').message).toMatch(/nobody listens/);
  });

  it('reads anything', () => {
    for (const thrown of [undefined, null, 'text', 1, {}]) expect(connectError(thrown, 'a:1').code).toBe(503);
  });
});

describe('listenError', () => {
  it.each([
    ['EADDRINUSE', 409, /Cannot listen on a:1: it is in use/],
    ['EACCES', 400, /permission denied/],
    ['EADDRNOTAVAIL', 400, /"host"/],
    ['EMFILE', 503, /too many open files/],
    ['EWHATEVER', 400, /EWHATEVER/],
  ])('of %s has code %i', (name, code, message) => {
    expect(listenError(system(name), 'a:1')).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('lostError', () => {
  it('says why, when it is known', () => {
    expect(lostError(undefined, 'a:1')).toMatchObject({
      code: 502,
      message: expect.stringMatching(/the other side closed it/),
    });
    expect(lostError(system('ECONNRESET'), 'a:1').message).toMatch(/connect ECONNRESET/);
  });
});
