import { type ClientProxy, Controller, EventPattern, inject, type MessageContext, MessagePattern } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { waitForCall } from './record-calls.ts';
import { testHost } from './test-host.ts';

@Controller()
class UsersController {
  private readonly main = inject<ClientProxy>('main');
  private readonly bus = inject<ClientProxy>('bus');

  @MessagePattern('users.create')
  async create(name: unknown): Promise<unknown> {
    await this.bus.emit('user.created', name);
    return this.main.send('users.greet', name);
  }

  @MessagePattern('users.greet')
  greet(name: unknown): string {
    return `Hello, ${String(name)}`;
  }

  @EventPattern('user.*')
  onUser(_name: unknown, _context: MessageContext): void {}
}

describe('testHost', () => {
  it('runs an application’s controllers, whose clients reach them under every token', async () => {
    await using app = await testHost({ controllers: [UsersController], tokens: ['main', 'bus'] });
    expect(await app.client.send('users.create', 'Ada')).toBe('Hello, Ada');
    const { context } = await waitForCall(app.received, ({ context }) => context.isEvent);
    expect(context.pattern).toBe('user.created');
  });

  it('takes handlers without decorators, and the options of the transport', async () => {
    await using app = await testHost({
      handlers: (host) => host.message('sleep', () => new Promise(() => {})),
      options: { timeout: 20 },
    });
    await expect(app.client.send('sleep')).rejects.toMatchObject({ code: 408 });
    await app.host.close({ timeout: 10 });
  });

  it('has a broker that can fail', async () => {
    await using app = await testHost({ handlers: (host) => host.message('echo', (data) => data) });
    expect(await app.client.send('echo', 1)).toBe(1);
    app.broker.disconnect();
    await expect(app.client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
    app.broker.restore();
    expect(await app.client.send('echo', 2)).toBe(2);
  });

  it('keeps two applications apart, unless they share a broker', async () => {
    await using one = await testHost({ handlers: (host) => host.message('echo', (data) => data) });
    await using other = await testHost();
    await using neighbour = await testHost({ broker: one.broker });
    await expect(other.client.send('echo', 1)).rejects.toMatchObject({ code: 503 });
    expect(await neighbour.client.send('echo', 1)).toBe(1);
  });

  it('closes once, and leaves the broker empty', async () => {
    const app = await testHost();
    await app.client.connect();
    await Promise.all([app.close(), app.close()]);
    await app.close();
    expect(app.broker.instances).toEqual([]);
  });
});
