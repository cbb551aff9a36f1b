import { createHash } from 'node:crypto';
import { RpcCode, RpcException } from '@parley/core/transport';
import { escape, unescape } from './escape.ts';

/** Kafka's own limit (`Topic.MAX_NAME_LENGTH`). */
export const maxTopicLength = 249;

/** The ends of the names of topics that are not events. */
const requests = '.rpc';
const deadLetters = '.dlt';
/** What topics of the library itself begin with, after the prefix. */
const own = 'parley.';

/** Which topic is for what. Pure; the same on every instance, whatever its language. */
export class TopicNames {
  readonly #prefix: string;
  readonly #patterns = new Map<string, string | undefined>();

  /** @param prefix begins the name of every topic. In characters that Kafka allows. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Where signs to all servers go that may hold a request: cancel and credit before any answer. */
  get control(): string {
    return `${this.#prefix}${own}control`;
  }

  /** Where the answers for all instances with this client id go. @throws RpcException 400 when that is too long. */
  replies(clientId: string): string {
    return checked(`${this.#prefix}${own}replies.${escape(clientId)}`, 'client id', clientId);
  }

  /** Whether answers go there. */
  isReplies(topic: string): boolean {
    return topic.startsWith(`${this.#prefix}${own}replies.`);
  }

  /**
   * The topic of an event: `<prefix><pattern>`, escaped. What would look like a topic of another kind has its telling dot
   * (or underscore) escaped, too: the event `a.rpc` is in `a_x2E_rpc`.
   *
   * @throws RpcException 400 when it is too long.
   */
  event(pattern: string): string {
    return checked(`${this.#prefix}${nameOf(pattern)}`, 'pattern', pattern);
  }

  /** @throws RpcException 400 when it is too long. */
  requests(pattern: string): string {
    return checked(`${this.#prefix}${nameOf(pattern)}${requests}`, 'pattern', pattern);
  }

  /** Where what failed for good in this topic is kept. Where the name is too long for that, its end gives way to a hash. */
  deadLetters(topic: string): string {
    if (topic.length + deadLetters.length <= maxTopicLength) return topic + deadLetters;
    const hash = createHash('sha256').update(topic).digest('hex').slice(0, 16);
    return `${topic.slice(0, maxTopicLength - deadLetters.length - hash.length - 1)}-${hash}${deadLetters}`;
  }

  isDeadLetters(topic: string): boolean {
    return topic.startsWith(this.#prefix) && topic.endsWith(deadLetters);
  }

  /** The pattern whose events are in `topic`; `undefined` for a topic that no event can have. */
  eventOf(topic: string): string | undefined {
    if (this.#patterns.has(topic)) return this.#patterns.get(topic);
    const pattern = this.#eventOf(topic);
    this.#patterns.set(topic, pattern);
    return pattern;
  }

  #eventOf(topic: string): string | undefined {
    if (!topic.startsWith(this.#prefix)) return undefined;
    const name = topic.slice(this.#prefix.length);
    const pattern = unescape(name);
    return pattern !== '' && nameOf(pattern) === name ? pattern : undefined;
  }
}

/** Escaped, and with it what would make it look like the name of something else. */
function nameOf(pattern: string): string {
  return escape(pattern, [...tellingPlaces(pattern)]);
}

function* tellingPlaces(pattern: string): Iterable<number> {
  if (pattern === '.' || pattern === '..') yield* [0, 1];
  // Kafka's own topics, such as __consumer_offsets.
  if (pattern.startsWith('__')) yield 0;
  if (pattern.startsWith(own)) yield own.length - 1;
  if (pattern.endsWith(requests) || pattern.endsWith(deadLetters)) yield Array.from(pattern).length - requests.length;
}

function checked(topic: string, what: string, value: string): string {
  if (topic.length <= maxTopicLength) return topic;
  throw new RpcException(
    `The ${what} ${JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)} takes ${topic.length} characters as the name of a Kafka topic, and Kafka allows ${maxTopicLength}: choose a shorter one (a character that Kafka forbids takes 5 per byte)`,
    { code: RpcCode.BadRequest },
  );
}
