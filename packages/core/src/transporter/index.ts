export { ServerEndpoint, type ServerState } from './server-endpoint.ts';
