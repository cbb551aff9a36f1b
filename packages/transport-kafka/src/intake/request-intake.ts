import { RpcCode, RpcException } from '@parley/core/transport';
import { burier } from '../dead-letters/bury.ts';
import type { BrokerClock, DriverRecord } from '../driver/index.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import type { Station } from '../link/station.ts';
import { readRecord } from '../wire/read-record.ts';
import { Intake } from './intake.ts';

/** The requests of a group, out of their topics into core. */
export function requestIntake(
  station: Station,
  { names, prefetch }: ResolvedKafkaOptions,
  group: string,
  patterns: readonly string[],
): Intake {
  const patternOf = new Map(patterns.map((pattern) => [names.requests(pattern), pattern]));
  const { clock } = station.driver;
  return new Intake({
    receiver: station.receiver,
    prefetch,
    read: ({ topic, partition, record }) => {
      const pattern = patternOf.get(topic) ?? topic;
      const envelope = readRecord(record, {
        pattern,
        waited: waitedFor(record, clock),
        source: { topic, partition, record },
      });
      if (envelope.kind === 'request' || envelope.kind === 'refused') return envelope;
      throw new RpcException(`What came where requests are is no request but a ${envelope.kind}`, {
        code: RpcCode.BadRequest,
      });
    },
    refuse: ({ topic, partition, record }, { id, reason }) => {
      if (id === undefined)
        station.warn(`a request that cannot be read was dropped: ${topic}/${partition} at ${record.offset}`, reason);
      else station.link.refuse(id, reason);
      return Promise.resolve();
    },
    bury: burier(station, names, group),
    missing: (topics) => station.remake('requests', topics),
    warn: (what, detail) => station.warn(what, detail),
  });
}

/** Since the broker took it, by the broker's clock; never too much, as far as that is known. */
function waitedFor({ timestamp }: DriverRecord, clock: BrokerClock): number | undefined {
  const now = clock.now();
  return now === undefined ? undefined : Math.max(0, Math.floor(now - clock.uncertainty - Number(timestamp)));
}
