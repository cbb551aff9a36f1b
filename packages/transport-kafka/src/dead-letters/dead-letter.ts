import { type DeadLetter, errorOfDeadLetter, messageOfDeadLetter } from '@parley/core/transport';
import type { DriverRecord, TopicPartition } from '../driver/index.ts';
import type { TopicNames } from '../names/topic-names.ts';
import { headerText } from '../wire/headers.ts';
import { readEvent } from '../wire/read-record.ts';
import { letterHeaders } from './letter-headers.ts';

/** An event that failed for good, as `kafkaDeadLetters` shows it. It died (`diedAt`) by the clock of the instance that gave it up. */
export interface KafkaDeadLetter extends DeadLetter {
  /** Where the letter is: `topic/partition/offset`. */
  readonly id: string;
  readonly kind: 'event';
  /** Where the event was, and when it was sent. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly sentAt: Date;
  readonly key: string | undefined;
  /**
   * False when the topic of dead letters did not take so large a record: then only where it was is known, and it cannot be put
   * back from here.
   */
  readonly isComplete: boolean;
  /** The raw record of the letter. */
  readonly record: DriverRecord;
}

/** `undefined` for what is no dead letter: anybody may write to a topic. */
export function readLetter(
  { topic: letters, partition: place }: TopicPartition,
  record: DriverRecord,
  names: TopicNames,
): KafkaDeadLetter | undefined {
  const { headers } = record;
  const text = (name: keyof typeof letterHeaders) => headerText(headers, letterHeaders[name]);
  const [topic, group, offset] = [text('topic'), text('group'), text('offset')];
  const [partition, attempts] = [wholeNumber(text('partition')), wholeNumber(text('attempts'))];
  const pattern = topic === undefined ? undefined : names.eventOf(topic);
  if (topic === undefined || pattern === undefined || group === undefined || offset === undefined) return undefined;
  if (partition === undefined || attempts === undefined) return undefined;
  return {
    id: `${letters}/${place}/${record.offset}`,
    group,
    kind: 'event',
    pattern,
    error: errorOfDeadLetter(text('error') ?? ''),
    attempts,
    diedAt: new Date(milliseconds(text('diedAt'), record)),
    topic,
    partition,
    offset,
    sentAt: new Date(milliseconds(text('timestamp'), record)),
    key: record.key?.toString(),
    ...messageOfDeadLetter(() => readEvent(record, { pattern })),
    isComplete: text('incomplete') === undefined,
    record,
  };
}

function milliseconds(text: string | undefined, { timestamp }: DriverRecord): number {
  return Number(text !== undefined && /^\d{1,15}$/.test(text) ? text : timestamp);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
