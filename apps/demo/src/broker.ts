import { randomUUID } from 'node:crypto';
import { startKafka } from '@parley/brokers/kafka';
import { startRedis } from '@parley/brokers/redis';
import type { Options } from './options.ts';
import type { SeparateWire } from './supervision/separate-processes.ts';

/** What the services talk over, with whatever had to be started for it. */
export interface Medium extends AsyncDisposable {
  readonly wire: SeparateWire;
  /** For the transcript: where the broker is; `undefined` where there is none. */
  readonly place: string | undefined;
}

/** Starts a private broker where one is needed; REDIS_URL and KAFKA_BROKERS name one that is there. */
export async function openMedium(transport: SeparateWire['transport'], { mode }: Options): Promise<Medium> {
  const prefix = `demo-${randomUUID().slice(0, 8)}`;
  switch (transport) {
    case 'tcp':
      return { wire: { transport, ports: {} }, place: undefined, [Symbol.asyncDispose]: async () => undefined };
    case 'redis': {
      const broker = await startRedis();
      const wire = { transport, mode, url: broker.url, prefix: `${prefix}:` } as const;
      return { wire, place: broker.url, [Symbol.asyncDispose]: () => broker.close() };
    }
    case 'kafka': {
      const broker = await startKafka();
      const wire = { transport, brokers: broker.brokers, prefix: `${prefix}.` } as const;
      return { wire, place: broker.brokers.join(', '), [Symbol.asyncDispose]: () => broker.close() };
    }
  }
}
