export { ServerEndpoint, type ServerSetup, type ServerState } from './server-endpoint.ts';
