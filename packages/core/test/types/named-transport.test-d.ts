import { describe, it } from 'vitest';
import { provideMicroservices } from '../../src/index.ts';

declare module '../../src/index.ts' {
  interface TransportOptions {
    pigeon: { readonly speed?: number };
  }
}

describe('a transport by its name', () => {
  it('has its own options where its package is installed', () => {
    provideMicroservices([{ token: 'a', options: { transport: 'pigeon', options: { speed: 1 } } }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a', options: { transport: 'pigeon', options: { speed: 'fast' } } }]);
    // @ts-expect-error
    provideMicroservices([{ token: 'a', options: { transport: 'pigeon', options: { sped: 1 } } }]);
  });

  it('has any options where it is not', () => {
    provideMicroservices([{ token: 'a', options: { transport: 'carrier', options: { speed: 1, timeout: 5 } } }]);
    // @ts-expect-error -- core's own options are known
    provideMicroservices([{ token: 'a', options: { transport: 'carrier', options: { timeout: '5 s' } } }]);
  });
});
