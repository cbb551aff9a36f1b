import { createMicroservices, provideMicroservices } from '@parley/core';
import type { StartService } from '../running-service.ts';
import { serviceLogger } from '../service-logger.ts';
import { listenAs, portOf } from '../transports.ts';
import { NotificationsController } from './notifications-controller.ts';

/** Listens to what happens to users, and tells them and whoever watches. */
export const startNotifications: StartService = async ({ wire }) => {
  const host = createMicroservices({
    controllers: [NotificationsController],
    providers: [provideMicroservices([listenAs('notifications', wire)])],
    logger: serviceLogger('notifications'),
  });
  await host.start();
  return { port: portOf('notifications', host, wire), close: (options) => host.close(options) };
};
