import { kindsOn } from '@parley/core/transport';
import { burier } from '../dead-letters/bury.ts';
import type { BrokerClock, DriverRecord } from '../driver/index.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import type { Station } from '../link/station.ts';
import { readRecord } from '../wire/read-record.ts';
import { Intake } from './intake.ts';

/** The requests of a group, out of their topics into core. */
export function requestIntake(
  station: Station,
  { names, prefetch, maxBody }: ResolvedKafkaOptions,
  group: string,
  patterns: readonly string[],
): Intake {
  const patternOf = new Map(patterns.map((pattern) => [names.requests(pattern), pattern]));
  const { clock } = station.driver;
  const ungauged = new Set<string>();
  const gauge = (topic: string, record: DriverRecord): number | undefined => {
    if (clock.appendedAt(record) === undefined && !ungauged.has(topic)) {
      ungauged.add(topic);
      station.warn(
        `how long requests have waited in the topic "${topic}" is unknown, so they are handled though it may be too late: set its message.timestamp.type to LogAppendTime`,
      );
    }
    return waitedFor(record, clock);
  };
  return new Intake({
    receiver: station.receiver,
    prefetch,
    read: ({ topic, partition, record }) => {
      const pattern = patternOf.get(topic) ?? topic;
      const source = { topic, partition, record };
      const waited = gauge(topic, record);
      return readRecord(record, { pattern, waited, source, kinds: kindsOn.requests, maxBody });
    },
    refuse: ({ topic, partition, record }, { id, reason }) => {
      if (id === undefined)
        station.warn(
          `requests of "${topic}" that cannot be read are dropped`,
          `${topic}/${partition} at ${record.offset}: ${reason.message}`,
        );
      else station.link.refuse(id, reason);
      return Promise.resolve();
    },
    bury: burier(station, names, group),
    missing: (topics) => station.remake('requests', topics),
    warn: (what, detail) => station.warn(what, detail),
  });
}

/**
 * Since the broker took it, by the broker's clock; never too much, as far as that is known. In a topic that keeps the time of
 * whoever wrote it, nobody knows: a clock that is wrong would have all of its requests dropped.
 */
function waitedFor(record: DriverRecord, clock: BrokerClock): number | undefined {
  const now = clock.now();
  const appended = clock.appendedAt(record);
  if (now === undefined || appended === undefined) return undefined;
  return Math.max(0, Math.floor(now - clock.uncertainty - appended));
}
