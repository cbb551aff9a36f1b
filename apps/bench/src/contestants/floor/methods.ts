import { extraMethods, type ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';

type Handle = (message: Message) => Message | Promise<Message>;

/** The floor names a method by its number, which both sides count in the same way. */
export function handlersOf(service: Service, { handlers }: ServeSetup): Handle[] {
  const echo: Handle = (message) => service.echo(message);
  return [echo, (message) => service.hold(message), ...extraMethods(handlers).map(() => echo)];
}

export function methodNumber(name: string, { handlers }: ServeSetup): number {
  const number = ['echo', 'hold', ...extraMethods(handlers)].indexOf(name);
  if (number === -1) throw new Error(`no method ${name}`);
  return number;
}
