import type { Body, Headers, WireError } from '@parley/core/transport';
import type { DriverRecord, TopicPartition } from '../driver/index.ts';
import type { TopicNames } from '../names/topic-names.ts';
import { headerText } from '../wire/headers.ts';
import { readEvent } from '../wire/read-record.ts';
import { letterHeaders } from './letter-headers.ts';

/** An event that failed for good, as `kafkaDeadLetters` shows it. */
export interface KafkaDeadLetter {
  /** Where the letter is: `topic/partition/offset`. */
  readonly id: string;
  /** The group whose handlers failed. */
  readonly group: string;
  readonly pattern: string;
  /** What the handlers failed with; its metadata names them. */
  readonly error: WireError;
  /** How often they were tried. */
  readonly attempts: number;
  /** When it died, by the clock of the instance that gave it up. */
  readonly diedAt: Date;
  /** Where the event was, and when it was sent. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly sentAt: Date;
  readonly key: string | undefined;
  /** `undefined` where there are none, or where the event could not be read at all. */
  readonly headers: Headers | undefined;
  readonly contentType: string | undefined;
  /** Encoded, as it was sent; `undefined` without one, or where the event could not be read at all. */
  readonly body: Body;
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
    pattern,
    error: errorOf(text('error')),
    attempts,
    diedAt: new Date(milliseconds(text('diedAt'), record)),
    topic,
    partition,
    offset,
    sentAt: new Date(milliseconds(text('timestamp'), record)),
    key: record.key?.toString(),
    ...contentOf(record, pattern),
    isComplete: text('incomplete') === undefined,
    record,
  };
}

function contentOf(record: DriverRecord, pattern: string): Pick<KafkaDeadLetter, 'headers' | 'contentType' | 'body'> {
  try {
    const envelope = readEvent(record, { pattern });
    if (envelope.kind === 'event') {
      return { headers: envelope.headers, contentType: envelope.contentType, body: envelope.body };
    }
  } catch {
    // What could not be read is why it is here.
  }
  return { headers: undefined, contentType: undefined, body: undefined };
}

function milliseconds(text: string | undefined, { timestamp }: DriverRecord): number {
  return Number(text !== undefined && /^\d{1,15}$/.test(text) ? text : timestamp);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function errorOf(text: string | undefined): WireError {
  try {
    const error: unknown = JSON.parse(text ?? '');
    if (typeof error === 'object' && error !== null && 'error' in error && 'code' in error) return error as WireError;
  } catch {
    // Somebody else has written it.
  }
  return { error: text ?? '', code: 500 };
}
