export { createMicroservices } from './create-microservices.ts';
export type { EntryHealth, HostHealth } from './health.ts';
export { Host } from './host.ts';
export type { HostOptions, HostProvider } from './host-options.ts';
export {
  type MicroserviceEntry,
  type MicroservicesProvider,
  type NamedTransport,
  provideMicroservices,
} from './provide-microservices.ts';
