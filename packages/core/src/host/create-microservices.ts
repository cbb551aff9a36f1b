import { Host } from './host.ts';
import { type HostOptions, resolveHostOptions } from './host-options.ts';

/**
 * Makes a host of an application's controllers, providers and connections; `start()` brings it up.
 *
 * @throws RpcException 400 naming the option that is wrong, 409 naming the token that is used twice.
 */
export function createMicroservices(options: HostOptions = {}): Host {
  return new Host(resolveHostOptions(options));
}
