import { type RedisOptions, redis } from '@parley/transport-redis';
import type { ServeSetup } from '../contestant.ts';
import { parley } from './parley.ts';

const pubsub = ({ broker, run }: ServeSetup): RedisOptions => ({ url: broker, prefix: `${run}:` });
const kept = (setup: ServeSetup): RedisOptions => ({ ...pubsub(setup), mode: 'streams', group: 'bench' });

export const contestant = parley({ server: (setup) => redis(pubsub(setup)), client: (setup) => redis(pubsub(setup)) });
export const streams = parley({ server: (setup) => redis(kept(setup)), client: (setup) => redis(kept(setup)) });
