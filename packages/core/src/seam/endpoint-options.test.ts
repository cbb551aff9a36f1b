import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonCodec } from '../envelope/index.ts';
import { backoffDelay, type EndpointOptions, resolveEndpointOptions, resolveRetry } from './endpoint-options.ts';

describe('the options of an endpoint', () => {
  it('have the defaults that their docs name', () => {
    expect(resolveEndpointOptions('tcp')).toEqual({
      timeout: 20_000,
      codec: jsonCodec,
      serve: false,
      outage: 'fail',
      maxWaiting: 10_000,
      buffer: 128,
      maxBacklog: 10_000,
      concurrency: 65_536,
      maxInFlight: 16_384,
      retry: { attempts: 5, backoff: { initial: 200, max: 30_000 } },
      maxDeliveries: 5,
      leaseInterval: 10_000,
    });
  });

  it('are fixed once they are read, and the transport’s own are left to it', () => {
    const options = Object.freeze({ timeout: 0, port: 8888 });
    const resolved = resolveEndpointOptions('tcp', options);
    expect(resolved.timeout).toBe(0);
    expect('port' in resolved).toBe(false);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it.each<[keyof EndpointOptions, unknown]>([
    ['timeout', -1],
    ['timeout', '5 s'],
    ['codec', 'json'],
    ['codec', {}],
    ['codec', { contentType: 'x', encode: () => '', decode: 'no' }],
    ['codec', { ...jsonCodec, contentType: 'application/octet-stream' }],
    ['serve', 'yes'],
    ['outage', 'retry'],
    ['maxWaiting', -1],
    ['buffer', 0],
    ['maxBacklog', 0],
    ['concurrency', 0],
    ['concurrency', Number.POSITIVE_INFINITY],
    ['maxInFlight', 1.5],
    ['maxDeliveries', 0],
    ['leaseInterval', 5],
    ['retry', 5],
  ])('are refused by name: %s %o', (name, value) => {
    const refused = () => resolveEndpointOptions('tcp', { [name]: value });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(/^tcp: /);
    expect(refused).toThrow(`"${name}"`);
  });
});

describe('a policy of retries', () => {
  it('is filled up from the defaults', () => {
    const defaults = { attempts: 3, backoff: { initial: 10, max: 20 } };
    expect(resolveRetry('retry', undefined, defaults)).toEqual(defaults);
    expect(resolveRetry('retry', { attempts: 9 }, defaults)).toEqual({ ...defaults, attempts: 9 });
    expect(resolveRetry('retry', { backoff: { max: 50 } }, defaults).backoff).toEqual({ initial: 10, max: 50 });
  });

  it.each([
    ['attempts', { attempts: 0 }],
    ['tries', { tries: 2 }],
    ['initial', { backoff: { initial: -1 } }],
    ['max', { backoff: { max: 'x' } }],
    ['factor', { backoff: { factor: 2 } }],
    ['object', { backoff: 5 }],
    ['object', { backoff: null }],
    ['object', null],
  ])('that is wrong in %s is refused: %o', (says, retry) => {
    const refused = () => resolveRetry('retry', retry as never);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(says);
  });
});

describe('backoff', () => {
  it('doubles from `initial` to `max`', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => backoffDelay({ initial: 100, max: 1000 }, attempt, 0));
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('is shortened by up to half, and never negative, infinite or longer than a timer can wait', () => {
    const backoff = fc.record({ initial: fc.nat(2 ** 31 - 1), max: fc.nat(2 ** 31 - 1) });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(backoff, fc.integer({ min: 1, max: 1e9 }), random, (backoff, attempt, random) => {
        const delay = backoffDelay(backoff, attempt, random);
        const longest = backoffDelay(backoff, attempt, 0);
        expect(delay).toBeGreaterThanOrEqual(longest / 2);
        expect(delay).toBeLessThanOrEqual(longest);
        expect(longest).toBeLessThanOrEqual(Math.min(backoff.max, 2 ** 31 - 1));
      }),
    );
  });
});
