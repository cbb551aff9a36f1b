import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { TcpContext } from './tcp-context.ts';

it('shows the connection that the message came by', () => {
  const socket = {} as Socket;
  const context = new TcpContext({ source: { socket, remoteAddress: '::1' } } as never);
  expect(context.socket).toBe(socket);
  expect(context.remoteAddress).toBe('::1');
});
