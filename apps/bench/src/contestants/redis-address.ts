/** What drivers call the parts of a `redis://` URL. */
export function redisAddress(url: string): { host: string; port: number; password?: string } {
  const { hostname: host, port, password } = new URL(url);
  return { host, port: Number(port), ...(password === '' ? {} : { password: decodeURIComponent(password) }) };
}
