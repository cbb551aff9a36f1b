import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tcp } from '../src/index.ts';
import { echoHub, FakeHub, request, until } from './fake-hub.ts';
import { hello, join, rawServer, serve } from './sides.ts';

const reconnect = { initial: 5, max: 20 };

async function folder(): Promise<string> {
  const path = await mkdtemp(joinPath(tmpdir(), 'parley-tcp-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function echoes(hub: FakeHub): Promise<void> {
  const [receiver] = hub.up;
  void receiver?.link.send(request(1, 'ping'));
  await until(() => receiver?.received.length === 1, 'the echo');
}

describe('listen', () => {
  it('rejects at once when the port is in use', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toMatchObject({
      code: 409,
      message: `Cannot listen on 127.0.0.1:${port}: it is in use by another process or listener. Stop that one, or choose another.`,
    });
  });

  it('rejects for an address that is not of this machine', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/"host"/),
    });
  });

  it('listens on IPv6', async () => {
    const { port } = await serve({ host: '::1' });
    const { hub } = await join({ targets: [`[::1]:${port}`] });
    await echoes(hub);
  });
});

describe('a Unix socket', () => {
  it('serves, and is removed at the end', async () => {
    const path = joinPath(await folder(), 's');
    const { transporter } = await serve({ path });
    const { hub } = await join({ path });
    await echoes(hub);
    await transporter.close(100);
    expect(existsSync(path)).toBe(false);
  });

  it('that is in use is left alone', async () => {
    const path = joinPath(await folder(), 's');
    await serve({ path });
    await expect(serve({ path })).rejects.toMatchObject({ code: 409, message: expect.stringContaining(path) });
    const { hub } = await join({ path });
    await echoes(hub);
  });

  it('that a dead process has left behind is replaced', async () => {
    const path = joinPath(await folder(), 's');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script]), 'exit');
    expect(existsSync(path)).toBe(true);
    await serve({ path });
    const { hub } = await join({ path });
    await echoes(hub);
  });

  it('never replaces a file that is no socket', async () => {
    const path = joinPath(await folder(), 's');
    await writeFile(path, 'precious');
    await expect(serve({ path })).rejects.toMatchObject({ code: 409 });
    expect(existsSync(path)).toBe(true);
  });

  it('in a folder that does not exist is refused', async () => {
    await expect(serve({ path: joinPath(await folder(), 'no', 's') })).rejects.toMatchObject({ code: 400 });
  });
});

describe('a client', () => {
  it('says that nobody is there, and connects when somebody is', async () => {
    const { port, transporter } = await serve();
    await transporter.close(0);
    const hub = new FakeHub();
    const joining = join({ port, reconnect }, hub);
    await until(() => hub.outages.length > 2, 'some attempts');
    expect(hub.outages[0]).toMatchObject({
      code: 503,
      message: expect.stringMatching(`Cannot connect to 127.0.0.1:${port}: nobody listens there`),
    });
    await serve({ port });
    await joining;
    await echoes(hub);
  });

  it('connects again when the server is restarted', async () => {
    const first = await serve();
    const { hub } = await join({ port: first.port, reconnect });
    for (let restart = 1; restart <= 3; restart += 1) {
      await echoes(hub);
      const { transporter } = restart === 1 ? first : servers.pop()!;
      await transporter.close(100);
      await until(() => hub.up.length === 0, 'the loss to be noticed');
      servers.push(await serve({ port: first.port }));
      await until(() => hub.up.length === 1, 'the link to be back');
    }
    expect(hub.receivers.filter(({ detached }) => detached !== undefined)).toHaveLength(3);
  });
  const servers: Awaited<ReturnType<typeof serve>>[] = [];

  it('keeps a link to every target, and tells of an outage only when none is left', async () => {
    const [one, two] = [await serve(), await serve()];
    const targets = [one, two].map(({ port }) => `127.0.0.1:${port}`);
    const { hub } = await join({ targets, reconnect });
    await until(() => hub.up.length === 2, 'both links');
    await one.transporter.close(100);
    await until(() => hub.up.length === 1, 'the loss');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hub.outages).toEqual([]);
    await two.transporter.close(100);
    await until(() => hub.outages.length > 0, 'the outage');
  });

  it('tells of no outage while one target is dead and another is still connecting', async () => {
    const dead = await serve();
    await dead.transporter.close(0);
    let answer: (() => void) | undefined;
    const slow = await rawServer((peer) => {
      answer = () => peer.send(hello);
    });
    const hub = new FakeHub();
    const targets = [dead, slow].map(({ port }) => `127.0.0.1:${port}`);
    const client = tcp({ targets, reconnect }).createClient();
    onTestFinished(() => client.close(0));
    const connecting = client.connect(hub);
    await until(() => answer !== undefined, 'the slow target to be reached');
    // The dead one has been tried several times by then.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hub.outages).toEqual([]);
    answer?.();
    await connecting;
    expect(hub.up).toHaveLength(1);
  });

  it('is quickly back at a server that says goodbye before each of its restarts', async () => {
    let connections = 0;
    const { port } = await rawServer((peer) => {
      connections += 1;
      peer.send(hello);
      peer.send({ kind: 'goAway', phase: 'leaving', code: 503, reason: 'restart' });
    });
    // Without a new start each time the tenth would wait for 10 to 20 seconds.
    await join({ port, reconnect: { initial: 20, max: 60_000 } });
    await until(() => connections >= 10, 'ten connections');
  });

  it('does not rush to a target that accepts and drops at once', async () => {
    let accepted = 0;
    const { port } = await rawServer((peer) => {
      accepted += 1;
      peer.send(hello);
      peer.socket.end();
    });
    await join({ port, reconnect: { initial: 20, max: 1000 } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 10 to 20 ms, 20 to 40, 40 to 80, 80 to 160, …
    expect(accepted).toBeLessThanOrEqual(7);
  });

  it('gives up an attempt after connectTimeout', async () => {
    const { port } = await rawServer(() => undefined);
    const hub = new FakeHub();
    const client = tcp({ port, connectTimeout: 30, reconnect }).createClient();
    const connecting = client.connect(hub).catch((error: unknown) => error);
    await until(() => hub.outages.length > 1, 'two attempts');
    expect(hub.outages[0]).toMatchObject({ code: 503, message: expect.stringMatching(/nobody answered within 30 ms/) });
    await client.close(100);
    expect(await connecting).toMatchObject({ code: 503 });
  });

  it('cannot connect to port 0, to what speaks something else, or after close', async () => {
    await expect(join({ port: 0 })).rejects.toMatchObject({ code: 400 });
    const { port } = await rawServer((peer) => peer.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(join({ port })).rejects.toMatchObject({ code: 501, message: expect.stringMatching(/HTTP/) });
    const client = tcp({ port }).createClient();
    await client.close(0);
    await expect(client.connect(new FakeHub())).rejects.toMatchObject({ code: 503 });
    expect(() => client.unwrap(Socket)).toThrowError(expect.objectContaining({ code: 503 }));
  });

  it('rejects for one hopeless target only when there is no other', async () => {
    const wrong = await rawServer((peer) => peer.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const right = await serve();
    const targets = [wrong, right].map(({ port }) => `127.0.0.1:${port}`);
    const { hub } = await join({ targets, reconnect });
    await echoes(hub);
  });

  it('notices at once that a process was killed', async () => {
    const program = `
      const { createServer } = require('net');
      const hello = Buffer.from('0000001401000000000050524c5901000000ffff00026d65', 'hex');
      const server = createServer((socket) => socket.write(hello));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    `;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [output] = (await once(child.stdout, 'data')) as [Buffer];
    const { receiver } = await join({ port: Number(output.toString()), reconnect });
    const since = performance.now();
    child.kill('SIGKILL');
    await until(() => receiver.detached !== undefined, 'the loss');
    // The heartbeat would need twice its 15 seconds.
    expect(performance.now() - since).toBeLessThan(8000);
    expect(receiver.detached).toMatchObject({ code: 502 });
  });
});

describe('a port scanner', () => {
  it('leaves no trace', async () => {
    const { hub, port, transporter } = await serve({}, echoHub());
    for (let knock = 0; knock < 20; knock += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      if (knock % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    const server = transporter.unwrap(Server);
    const count = (): Promise<number> => new Promise((resolve) => server.getConnections((_, open) => resolve(open)));
    let open = -1;
    await until(() => {
      void count().then((now) => {
        open = now;
      });
      return open === 0;
    }, 'all to be gone');
    expect(hub.warnings).toEqual([]);
    expect(hub.receivers).toEqual([]);
  });
});
