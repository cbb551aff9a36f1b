import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../src/redis/index.ts';
import { type Proxy, startProxy } from '../src/shared/proxy.ts';
import { until } from '../src/shared/until.ts';
import { clientOf, socketTo } from './clients.ts';

async function setup() {
  const server = await startRedis();
  onTestFinished(() => server.close());
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy.close());
  return { server, proxy, url: `redis://${proxy.host}:${proxy.port}` };
}

/** The lines that a bare connection gets for what it says. */
async function says(proxy: Proxy) {
  const socket = await socketTo(proxy.port);
  const heard = { text: '', ended: false };
  socket.on('data', (bytes) => {
    heard.text += bytes.toString();
  });
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      heard.ended = true;
    });
  }
  return { socket, heard, ping: () => socket.write('PING\r\n') };
}

it('carries small and large data both ways, and ends with its ends', async () => {
  const { server, proxy, url } = await setup();
  const client = clientOf(server, undefined, url);
  const large = 'x'.repeat(8 * 1024 * 1024);
  await client.set('large', large);
  expect(await client.get('large')).toBe(large);
  expect(proxy.connections).toBe(1);
  client.disconnect();
  await until('the connection to be gone', () => proxy.connections === 0);
});

it('swallows what is said, tells nobody, and carries new connections when restored', async () => {
  const { server, proxy } = await setup();
  const direct = clientOf(server, 'direct');
  const old = await says(proxy);
  old.ping();
  await until('the first answer', () => old.heard.text === '+PONG\r\n');

  proxy.blackHole();
  const fresh = await says(proxy);
  old.ping();
  fresh.ping();
  old.socket.write('QUIT\r\n');
  // From the other side, too: the server ends the connection, and its client does not hear of it.
  const commandsBefore = Number(/total_commands_processed:(\d+)/.exec(await direct.info('stats'))?.[1]);
  expect(await server.killClients('normal')).toBeGreaterThan(0);
  await direct.ping();

  proxy.restore();
  const restored = await says(proxy);
  restored.ping();
  await until('an answer to the new connection', () => restored.heard.text === '+PONG\r\n');
  // What was swallowed stays so, however long it lasts.
  old.ping();
  restored.ping();
  await until('another answer', () => restored.heard.text === '+PONG\r\n+PONG\r\n');
  expect(old.heard).toEqual({ text: '+PONG\r\n', ended: false });
  expect(fresh.heard).toEqual({ text: '', ended: false });
  expect(commandsBefore).toBeGreaterThan(0);
});

it('does not tell the server that a client left a black hole', async () => {
  const { server, proxy } = await setup();
  const direct = clientOf(server);
  const { socket, heard, ping } = await says(proxy);
  ping();
  await until('the answer', () => heard.text !== '');
  const clients = async () => Number(/connected_clients:(\d+)/.exec(await direct.info('clients'))?.[1]);
  const before = await clients();
  proxy.blackHole();
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  const another = await says(proxy);
  another.ping();
  await direct.ping();
  expect(await clients()).toBe(before);
  await proxy.close();
  await until('the server to be rid of it', async () => (await clients()) === before - 1);
});

it('cuts connections, and a client is back over a new one', async () => {
  const { server, proxy, url } = await setup();
  const client = clientOf(server, undefined, url);
  await client.ping();
  const closed = new Promise((resolve) => client.once('close', resolve));
  proxy.cut();
  await closed;
  expect(await client.ping()).toBe('PONG');
  await proxy.close();
  await proxy.close();
  expect(proxy.connections).toBe(0);
});

it('ends a connection whose server is not there', async () => {
  const { server, proxy } = await setup();
  await server.stop();
  const { heard } = await says(proxy);
  await until('the end', () => heard.ended);
});
