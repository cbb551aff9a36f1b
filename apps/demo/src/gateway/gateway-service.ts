import { createMicroservices, provideMicroservices } from '@parley/core';
import type { StartService } from '../running-service.ts';
import { serviceLogger } from '../service-logger.ts';
import { clientOf, services } from '../transports.ts';
import { serveHttp } from './http-server.ts';
import { routes } from './routes.ts';

/** Serves HTTP to the world outside, and calls the services for it. */
export const startGateway: StartService = async ({ wire, httpPort }) => {
  const host = createMicroservices({
    providers: [provideMicroservices([clientOf('users', wire), clientOf('notifications', wire)])],
    logger: serviceLogger('gateway'),
  });
  await host.start();
  const clients = { users: host.get(services.users), notifications: host.get(services.notifications) };
  const http = await serveHttp(
    routes(clients, () => host.health()),
    httpPort,
  );
  return {
    port: http.port,
    close: async (options) => {
      // Requests under way still need the clients.
      await http.close();
      await host.close(options);
    },
  };
};
