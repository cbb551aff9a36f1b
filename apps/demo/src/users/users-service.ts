import { createMicroservices, provideMicroservices } from '@parley/core';
import { peopleFile } from '../files.ts';
import type { StartService } from '../running-service.ts';
import { serviceLogger } from '../service-logger.ts';
import { clientOf, listenAs, portOf } from '../transports.ts';
import { UserRepository } from './user-repository.ts';
import { UsersController } from './users-controller.ts';

/** Keeps the users, and tells the notifications service about new ones. */
export const startUsers: StartService = async ({ wire }) => {
  const host = createMicroservices({
    controllers: [UsersController],
    providers: [
      { provide: UserRepository, useValue: await UserRepository.load(peopleFile) },
      provideMicroservices([listenAs('users', wire), clientOf('notifications', wire)]),
    ],
    logger: serviceLogger('users'),
  });
  await host.start();
  return { port: portOf('users', host, wire), close: (options) => host.close(options) };
};
