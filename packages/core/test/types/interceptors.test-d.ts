import { describe, expectTypeOf, it } from 'vitest';
import {
  type ClientCall,
  type ClientInterceptor,
  type ClientProxy,
  createClient,
  currentContext,
  type MessageContext,
  type ServerCall,
  type ServerInterceptor,
  type Transport,
} from '../../src/index.ts';

declare const transport: Transport;

/** What a handler gives back is unknown to who stands around all of them. */
export const logged: ServerInterceptor = async (call, next) => {
  expectTypeOf(call).toEqualTypeOf<ServerCall>();
  expectTypeOf(call.context).toEqualTypeOf<MessageContext>();
  expectTypeOf(call.data).toBeUnknown();
  const result = await next({ ...call, data: 1 });
  expectTypeOf(result).toBeUnknown();
  return result;
};

export const authorized: ClientInterceptor = (call, next) => {
  expectTypeOf(call).toEqualTypeOf<ClientCall>();
  expectTypeOf(call.kind).toEqualTypeOf<'send' | 'stream' | 'emit'>();
  return next({ ...call, options: { ...call.options, headers: { authorization: 'secret' } } });
};

export const careless: ClientInterceptor = (call, next) => {
  // @ts-expect-error -- a call is changed by handing on another one
  call.data = 1;
  // @ts-expect-error
  return next({ ...call, kind: 'receive' });
};

describe('createClient', () => {
  it('gives a client, and checks its options', () => {
    expectTypeOf(createClient(transport)).toEqualTypeOf<ClientProxy>();
    createClient(transport, { name: 'users', logger: console, interceptors: [authorized] });
    // @ts-expect-error
    createClient(transport, { nam: 'users' });
    // @ts-expect-error -- of the server
    createClient(transport, { interceptors: [logged] });
    // @ts-expect-error -- a transport by its name needs a host
    createClient({ transport: 'tcp' });
  });
});

it('currentContext is there inside of a handler only', () => {
  expectTypeOf(currentContext()).toEqualTypeOf<MessageContext | undefined>();
});
