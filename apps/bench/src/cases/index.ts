import { burst } from './burst.ts';
import { call } from './call.ts';
import type { BenchCase } from './case.ts';
import { connections } from './connections.ts';
import { events } from './events.ts';
import { features } from './features.ts';
import { handlers } from './handlers.ts';
import { inFlight } from './in-flight.ts';
import { kibibyte, large, small } from './message-source.ts';
import { stream } from './stream.ts';

/** By the names that `--cases` takes, in the order in which they run. */
export const cases: Readonly<Record<string, BenchCase>> = {
  'call-1': call({ callers: 1, text: small, size: '21 B' }),
  'call-64': call({ callers: 64, text: small, size: '21 B' }),
  'call-256': call({ callers: 256, text: small, size: '21 B' }),
  'call-1-1k': call({ callers: 1, text: kibibyte, size: '1 KiB' }),
  'call-64-1k': call({ callers: 64, text: kibibyte, size: '1 KiB' }),
  'call-64-64k': call({ callers: 64, text: large, size: '64 KiB' }),
  'call-256-64k': call({ callers: 256, text: large, size: '64 KiB' }),
  'burst-10': burst(10),
  events: events(),
  stream: stream(100_000),
  'in-flight': inFlight(10_000),
  'connections-1': connections(1),
  'connections-10': connections(10),
  'connections-100': connections(100),
  'connections-1000': connections(1_000),
  'handlers-10': handlers({ registered: 10, called: 10 }),
  'handlers-1000': handlers({ registered: 1_000, called: 10 }),
  'handlers-10000': handlers({ registered: 10_000, called: 10 }),
  'handlers-10000-all': handlers({ registered: 10_000, called: 10_000 }),
  features: features(),
};
