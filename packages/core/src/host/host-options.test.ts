import { expect, it } from 'vitest';
import { consoleLogger } from '../dispatch/index.ts';
import { createMicroservices } from './create-microservices.ts';
import { type HostOptions, resolveHostOptions } from './host-options.ts';

it('have defaults', () => {
  expect(resolveHostOptions({})).toEqual({
    controllers: [],
    providers: [],
    transports: [],
    serverInterceptors: [],
    clientInterceptors: [],
    logger: consoleLogger,
    startTimeout: 10_000,
  });
});

it('flatten providers', () => {
  const provider = { provide: 'a', useValue: 1 };
  expect(resolveHostOptions({ providers: [[[provider]], provider] }).providers).toEqual([provider, provider]);
});

it.each<[string, unknown]>([
  ['object', null],
  ['object', 5],
  ['object', []],
  ['"controller"', { controller: [] }],
  ['"controllers"', { controllers: {} }],
  ['"controllers"', { controllers: class A {} }],
  ['"providers"', { providers: 'x' }],
  ['"providers"', { providers: [undefined] }],
  ['"providers"', { providers: [[undefined]] }],
  ['"providers"', { providers: [null] }],
  ['"providers"', { providers: [5] }],
  ['"providers"', { providers: [{}] }],
  ['"providers"', { providers: [{ useValue: 1 }] }],
  ['"transports"', { transports: {} }],
  ['"transports"', { transports: [undefined] }],
  ['"transports"', { transports: [null] }],
  ['"transports"', { transports: [() => undefined] }],
  ['"transports"', { transports: [{ transport: 'fake' }] }],
  ['interceptors', { interceptors: [] }],
  ['interceptors', { interceptors: 5 }],
  ['interceptors', { interceptors: null }],
  ['"sever"', { interceptors: { sever: [] } }],
  ['"server"', { interceptors: { server: () => undefined } }],
  ['"server"', { interceptors: { server: [undefined] } }],
  ['"client"', { interceptors: { client: null } }],
  ['"logger"', { logger: {} }],
  ['"logger"', { logger: null }],
  ['"logger"', { logger: () => undefined }],
  ['"logger"', { logger: { warn: () => undefined } }],
  ['"startTimeout"', { startTimeout: -1 }],
  ['"startTimeout"', { startTimeout: '10 s' }],
])('that are wrong are refused with 400 that names %s: %o', (name, options) => {
  const refused = () => createMicroservices(options as HostOptions);
  expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
  expect(refused).toThrow(name);
  expect(refused).toThrow('createMicroservices');
});
