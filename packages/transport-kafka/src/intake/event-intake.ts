import { kindsOn } from '@parley/core/transport';
import { burier } from '../dead-letters/bury.ts';
import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import type { Station } from '../link/station.ts';
import { groupHeader, headerText } from '../wire/headers.ts';
import { readEvent } from '../wire/read-record.ts';
import { Intake, refusedReason } from './intake.ts';

/** The events of a group, out of their topics into core; `missing` is told of those topics that are gone. */
export function eventIntake(
  station: Station,
  options: ResolvedKafkaOptions,
  group: string,
  audience: 'group' | undefined,
  missing: (topics: readonly string[]) => void,
): Intake {
  const { names, prefetch, maxBody } = options;
  const bury = burier(station, names, group);
  return new Intake({
    receiver: station.receiver,
    prefetch,
    read: (delivery) => {
      const { topic, partition, record } = delivery;
      const only = headerText(record.headers, groupHeader);
      if (only !== undefined && only !== group) return undefined;
      const pattern = names.eventOf(topic) ?? topic;
      const source = { topic, partition, record };
      return readEvent(record, { pattern, audience, source, kinds: kindsOn.events, maxBody });
    },
    refuse: (delivery, refused) => {
      const { topic, partition, record } = delivery;
      // Without the offset in the text, so that a flood of them is logged once.
      const where = `${topic}/${partition} at ${record.offset}`;
      station.warn(
        `events of "${topic}" that cannot be read go to the dead letters`,
        `${where}: ${refused.reason.message}`,
      );
      return bury(delivery, refusedReason(refused));
    },
    bury,
    missing,
    warn: (what, detail) => station.warn(what, detail),
  });
}
