import { startGateway } from './gateway/gateway-service.ts';
import { startNotifications } from './notifications/notifications-service.ts';
import type { StartService } from './running-service.ts';
import { startUsers } from './users/users-service.ts';

/** All services by name, those that are called before those that call them. */
export const starters = {
  notifications: startNotifications,
  users: startUsers,
  gateway: startGateway,
} satisfies Record<string, StartService>;

export type ServiceName = keyof typeof starters;
export const serviceNames = Object.keys(starters) as ServiceName[];
