import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../shared/certificate.ts';
import type { RedisServerOptions } from './redis-options.ts';

/** What a server is told of itself. */
export interface ServerPlace {
  readonly port: number;
  readonly folder: string;
  /** The tests' own hand at this very server, whatever the password and the users under test. */
  readonly admin: { readonly username: string; readonly password: string };
}

/** What is written once, before the first start: cluster nodes, replicas and sentinels rewrite theirs. */
export type Configure = (place: ServerPlace) => Promise<readonly string[]>;

/** A password of its own makes that no other server, which had the port before, is taken for it. */
export function newPlace(port: number, folder: string): ServerPlace {
  return { port, folder, admin: { username: 'parley-brokers', password: randomBytes(12).toString('hex') } };
}

/** Lines that every kind of server has. */
export function commonLines({ folder, admin }: ServerPlace): string[] {
  return [
    'bind 127.0.0.1',
    `dir ${JSON.stringify(folder)}`,
    'daemonize no',
    // SIGTERM is seen to within 20 ms.
    'hz 50',
    'logfile ""',
    `user ${admin.username} on >${admin.password} ~* &* +@all`,
  ];
}

/** Lines of a server with data. */
export async function dataLines(
  place: ServerPlace,
  options: RedisServerOptions,
  certificate: Certificate | undefined,
): Promise<string[]> {
  return [
    ...commonLines(place),
    ...(certificate === undefined ? [`port ${place.port}`] : await tlsLines(place, certificate)),
    'save ""',
    ...(options.appendonly === true ? ['appendonly yes', 'appendfsync always'] : ['appendonly no']),
    // A replica that hangs does not hold up a stop.
    'shutdown-timeout 1',
    ...(options.password === undefined ? [] : [`requirepass ${JSON.stringify(options.password)}`]),
    ...Object.entries(options.users ?? {}).map(([name, rules]) => `user ${name} ${rules}`),
    ...Object.entries(options.config ?? {}).map(([name, value]) => `${name} ${value}`),
  ];
}

async function tlsLines({ port, folder }: ServerPlace, certificate: Certificate): Promise<string[]> {
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return JSON.stringify(join(folder, name));
  };
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${await file('cert.pem', certificate.cert)}`,
    `tls-key-file ${await file('key.pem', certificate.key)}`,
    `tls-ca-cert-file ${await file('ca.pem', certificate.ca)}`,
    'tls-auth-clients no',
  ];
}
