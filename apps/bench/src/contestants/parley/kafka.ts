import type { Transport } from '@parley/core';
import { kafka } from '@parley/transport-kafka';
import type { ServeSetup } from '../contestant.ts';
import { parley } from './parley.ts';

/** With as many partitions as the other contestants' topics have. */
const over = ({ broker, run }: ServeSetup): Transport =>
  kafka({ brokers: [broker], prefix: `${run}.`, group: 'bench', topics: { partitions: 1 } });

export const contestant = parley({ server: over, client: over });
