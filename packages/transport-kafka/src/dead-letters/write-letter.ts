import { type DeadReason, errorFromWire } from '@parley/core/transport';
import type { KafkaDelivery } from '../intake/kafka-delivery.ts';
import type { RecordContent } from '../wire/write-record.ts';
import { isLetterHeader, letterHeaders } from './letter-headers.ts';

/** Of an error, in UTF-16 units: what a handler throws can be long, and the letter has to fit. */
const longestMessage = 1024;
const longestError = 12_288;

/** The record as it was, with where it came from and why it is dead. */
export function writeLetter(
  { topic, partition, record }: KafkaDelivery,
  group: string,
  why: DeadReason,
  now: number,
): RecordContent {
  const error = errorText(why);
  const { code, message } = errorFromWire(parsed(error));
  return {
    value: record.value,
    headers: {
      ...record.headers,
      [letterHeaders.topic]: topic,
      [letterHeaders.partition]: String(partition),
      [letterHeaders.offset]: record.offset,
      [letterHeaders.timestamp]: record.timestamp,
      [letterHeaders.group]: group,
      [letterHeaders.code]: String(code),
      [letterHeaders.message]: message.slice(0, longestMessage).toWellFormed(),
      [letterHeaders.attempts]: String(why.attempts),
      [letterHeaders.error]: error,
      [letterHeaders.diedAt]: String(now),
    },
  };
}

/** For a topic that does not take it as it is: where it was, and why it is dead. */
export function withoutContent({ headers }: RecordContent): RecordContent {
  const own = Object.entries(headers ?? {}).filter(([name]) => isLetterHeader(name));
  return { value: null, headers: { ...Object.fromEntries(own), [letterHeaders.incomplete]: 'true' } };
}

function errorText({ body }: DeadReason): string {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  if (text.length <= longestError) return text;
  const { code, message } = errorFromWire(parsed(text));
  return JSON.stringify({ error: message.slice(0, longestMessage).toWellFormed(), code });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
