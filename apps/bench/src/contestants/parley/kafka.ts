import type { Transport } from '@parley/core';
import { kafka } from '@parley/transport-kafka';
import type { ServeSetup } from '../contestant.ts';
import { parley } from './parley.ts';

/**
 * With as many partitions as the other contestants' topics have; and by its own name each, as two services are, since instances
 * of one share a topic of replies, and here its only partition.
 */
const as =
  (clientId: string) =>
  ({ broker, run }: ServeSetup): Transport =>
    kafka({ brokers: [broker], prefix: `${run}.`, clientId, group: 'bench', topics: { partitions: 1 } });

export const contestant = parley({ server: as('bench-server'), client: as('bench-client') });
