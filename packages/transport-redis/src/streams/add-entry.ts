import { type Called, LightCommand } from '../connect/light-command.ts';
import { writeEntry } from './entry.ts';

/** What is the same for all entries that are added to a stream, as it is sent to Redis. */
export interface Opening {
  readonly key: string;
  /** How the stream is trimmed, in the words of XADD. */
  readonly limit: readonly string[];
  /** Up to the value of the head, for an entry with a body. */
  readonly text: string;
}

export function openingOf(key: string, limit: readonly string[]): Opening {
  const args = ['xadd', key, ...limit, '*', 'h'];
  // Besides them come the head, `b`, and the body.
  return { key, limit, text: `*${args.length + 3}\r\n${args.map(bulk).join('')}` };
}

/** XADD. The usual entry is written from what is ready: to write out all of its words takes most of what a command does. */
export function addEntry(
  { key, limit, text }: Opening,
  head: string,
  body: string | Uint8Array | undefined,
  called: Called,
): LightCommand {
  if (typeof body === 'string') return new AddCommand(key, text + bulk(head) + bulkB + bulk(body), called);
  return new LightCommand('xadd', [key, ...limit, '*', ...writeEntry(head, body)], called);
}

class AddCommand extends LightCommand {
  readonly #text: string;

  constructor(key: string, text: string, called: Called) {
    super('xadd', [key], called);
    this.#text = text;
  }

  override toWritable(): string {
    return this.#text;
  }
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/#bulk-strings */
function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

const bulkB = bulk('b');
