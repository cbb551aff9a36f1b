/** Where a client connects to. */
export interface Target {
  /** How messages name it: `host:port` or a path. */
  readonly label: string;
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
}

export function targetOf(host: string, port: number, path: string | undefined): Target {
  if (path !== undefined) return { label: path, address: { path } };
  return { label: labelOf(host, port), address: { host: reachable(host), port } };
}

export function labelOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** "All addresses" can be listened on, not connected to; this machine is meant. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
