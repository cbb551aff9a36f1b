export type { ClientCall, ClientInterceptor } from './client-interceptor.ts';
export { ClientProxy } from './client-proxy.ts';
export type { ClientState, ClientStatus } from './client-status.ts';
export { type ClientOptions, createClient } from './create-client.ts';
