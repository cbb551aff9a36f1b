import { type ServiceName, serviceNames } from './services.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { Transcript } from './transcript.ts';

/** Starts all services. @returns where the gateway serves HTTP. */
export async function startServices(supervisor: Supervisor, transcript: Transcript): Promise<string> {
  let port: number | undefined;
  for (const name of serviceNames) port = await startService(name, supervisor, transcript);
  return `http://127.0.0.1:${port}`;
}

/** Starts one and says where it is. @returns its port. */
export async function startService(
  name: ServiceName,
  supervisor: Supervisor,
  transcript: Transcript,
): Promise<number | undefined> {
  const { place, port } = await supervisor.start(name);
  const protocol = name === 'gateway' ? 'http' : supervisor.wire.transport;
  const address = port === undefined ? '' : `, ${protocol}://127.0.0.1:${port}`;
  transcript.say(`${name} service: ${place}${address}`);
  return port;
}
