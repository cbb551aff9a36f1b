import { RpcCode, RpcException } from '@parley/core/transport';
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
  const { names, prefetch } = options;
  const bury = burier(station, names, group);
  return new Intake({
    receiver: station.receiver,
    prefetch,
    read: (delivery) => {
      const { topic, partition, record } = delivery;
      const only = headerText(record.headers, groupHeader);
      if (only !== undefined && only !== group) return undefined;
      const pattern = names.eventOf(topic) ?? topic;
      const envelope = readEvent(record, { pattern, audience, source: { topic, partition, record } });
      if (envelope.kind === 'event' || envelope.kind === 'refused') return envelope;
      throw new RpcException(`A ${envelope.kind} came where events are`, { code: RpcCode.BadRequest });
    },
    refuse: (delivery, refused) => {
      const { topic, partition, record } = delivery;
      station.warn(
        `an event that cannot be read goes to the dead letters: ${topic}/${partition} at ${record.offset}`,
        refused.reason,
      );
      return bury(delivery, refusedReason(refused));
    },
    bury,
    missing,
    warn: (what, detail) => station.warn(what, detail),
  });
}
