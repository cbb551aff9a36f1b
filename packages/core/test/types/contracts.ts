import { z } from 'zod';
import { event, MessageContext, message } from '../../src/index.ts';

/** What goes in is not what comes out: text becomes a number, and the other way round. */
export const NumberFromText = z.string().transform(Number);
export const TextFromNumber = z.number().transform(String);

export const GetUser = message('users.get', {
  request: z.object({ id: NumberFromText }),
  reply: z.object({ name: z.string(), age: TextFromNumber }),
});
export const ListUsers = message('users.list', { request: z.string().optional(), reply: z.string() });
export const Ping = message('ping');
export const Saved = event('saved', { payload: z.object({ at: NumberFromText }) });
export const Ticked = event('ticked', { payload: z.string().optional() });
export const Anything = event('anything');

/** A transport of the tests' own, as its package would declare it. */
export class PigeonContext extends MessageContext {
  static readonly transport = 'pigeon';
  get ring(): number {
    return 7;
  }
}

declare module '../../src/index.ts' {
  interface TransportContexts {
    pigeon: PigeonContext;
  }
}
