import { tcp } from '@parley/transport-tcp';
import { type ParleySetup, parley } from './parley.ts';

const setup: ParleySetup = {
  server: () => tcp({ port: 0 }),
  client: ({ address }) => tcp({ port: Number(address.split(':').at(-1)) }),
};

export const contestant = parley(setup);
export const full = parley({ ...setup, full: true });
