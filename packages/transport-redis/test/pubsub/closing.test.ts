import { describe, expect, it, onTestFinished } from 'vitest';
import { broker, client, serve, until } from './stage.ts';

describe('closing', () => {
  it.each(['up', 'down', 'silent'])('leaves nothing behind and is bounded in time while Redis is %s', async (state) => {
    const server = await broker();
    const options = { url: server.url };
    const { host } = await serve(options);
    const { client: proxy } = client(options);
    expect(await proxy.send('echo', 1)).toBe(1);
    if (state === 'down') await server.stop();
    if (state === 'silent') server.pause();
    onTestFinished(() => {
      if (state === 'silent') server.resume();
    });
    const began = performance.now();
    await Promise.all([proxy.close({ timeout: 300 }), host.close({ timeout: 300 })]);
    expect(performance.now() - began).toBeLessThan(8000);
    await until(() => process.getActiveResourcesInfo().every((name) => name !== 'TCPSocketWrap'), 'no socket is left');
  });
});
