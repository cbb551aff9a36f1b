// oxlint-disable-next-line import/no-unassigned-import -- it adds to the global Reflect
import 'reflect-metadata';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, type MicroserviceOptions } from '@nestjs/microservices';
import { firstValueFrom, from, lastValueFrom, type Observable } from 'rxjs';
import { type Caller, extraMethods, type ServeSetup } from '../contestant.ts';
import type { Message, Service } from '../service.ts';

type Handlers = Record<string, (data: never) => unknown>;

/** A Nest application with a controller. @param patternOf what a method is called on this transport. */
export async function startNest(
  service: Service,
  { handlers }: ServeSetup,
  options: MicroserviceOptions,
  patternOf: (name: string) => string = (name) => name,
): Promise<INestMicroservice> {
  const methods: Handlers = {
    hold: (message: Message) => service.hold(message),
    numbers: (count: number) => from(service.numbers(count)),
  };
  for (const name of ['echo', ...extraMethods(handlers)]) methods[name] = (message: Message) => service.echo(message);
  const controller = controllerOf(methods, { tick: (message: Message) => service.tick(message) }, patternOf);
  class BenchModule {}
  Module({ controllers: [controller] })(BenchModule);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(BenchModule, {
    ...options,
    logger: ['error', 'warn', 'fatal'],
  });
  await app.listen();
  return app;
}

/** Decorators are applied by hand: Node runs these files by taking their types off, which leaves no decorators. */
function controllerOf(messages: Handlers, events: Handlers, patternOf: (name: string) => string) {
  class BenchController {}
  const add = (name: string, handle: Handlers[string], decorate: (pattern: string) => MethodDecorator): void => {
    const descriptor: PropertyDescriptor = { value: handle, writable: true, configurable: true };
    Object.defineProperty(BenchController.prototype, name, descriptor);
    decorate(patternOf(name))(BenchController.prototype, name, descriptor);
  };
  for (const [name, handle] of Object.entries(messages)) add(name, handle, MessagePattern);
  for (const [name, handle] of Object.entries(events)) add(name, handle, EventPattern);
  Controller()(BenchController);
  return BenchController;
}

/** As much of a client as is used here: those of the transports differ in the type of their events. */
interface NestClient {
  send<Reply>(pattern: string, data: unknown): Observable<Reply>;
  emit(pattern: string, data: unknown): Observable<unknown>;
  close(): unknown;
}

export function nestCaller(client: NestClient, patternOf: (name: string) => string = (name) => name): Caller {
  const tick = patternOf('tick');
  const numbers = patternOf('numbers');
  return {
    method(name) {
      const pattern = patternOf(name);
      return (message) => firstValueFrom(client.send<Message>(pattern, message));
    },
    tick: () => (message) => lastValueFrom(client.emit(tick, message), { defaultValue: undefined }),
    numbers: () => (count, each) => client.send<Message>(numbers, count).forEach(each),
    async close() {
      await client.close();
    },
  };
}
