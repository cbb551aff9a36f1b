import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from './certificate.ts';
import type { RedisServerOptions } from './redis-options.ts';

/** Who the tests' own hand at the server is, whatever the password and the users under test. */
export const admin = { username: 'parley-brokers', password: randomBytes(12).toString('hex') } as const;

/** What is written once, before the first start: cluster nodes, replicas and sentinels rewrite theirs. */
export type Configure = (port: number, folder: string) => Promise<readonly string[]>;

/** Lines that every kind of server has. */
export function commonLines(folder: string): string[] {
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
  port: number,
  folder: string,
  options: RedisServerOptions,
  certificate: Certificate | undefined,
): Promise<string[]> {
  return [
    ...commonLines(folder),
    ...(certificate === undefined ? [`port ${port}`] : await tlsLines(port, folder, certificate)),
    'save ""',
    ...(options.appendonly === true ? ['appendonly yes', 'appendfsync always'] : ['appendonly no']),
    // A replica that hangs does not hold up a stop.
    'shutdown-timeout 1',
    ...(options.password === undefined ? [] : [`requirepass ${JSON.stringify(options.password)}`]),
    ...Object.entries(options.users ?? {}).map(([name, rules]) => `user ${name} ${rules}`),
    ...Object.entries(options.config ?? {}).map(([name, value]) => `${name} ${value}`),
  ];
}

async function tlsLines(port: number, folder: string, certificate: Certificate): Promise<string[]> {
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
