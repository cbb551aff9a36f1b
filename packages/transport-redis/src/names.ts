import { RpcCode, RpcException } from '@parley/core/transport';

/** What a channel is for. */
export type ChannelKind = 'message' | 'event' | 'inbox' | 'control';

/** A channel's name, taken apart. */
export interface ReadChannel {
  readonly kind: ChannelKind;
  /** The pattern; of an inbox the name of the instance. */
  readonly of: string;
}

const letters = { message: 'm', event: 'e', inbox: 'i', control: 'c' } as const satisfies Record<ChannelKind, string>;
const kinds: Readonly<Record<string, ChannelKind>> = Object.assign(Object.create(null), {
  m: 'message',
  e: 'event',
  i: 'inbox',
  c: 'control',
});

/**
 * What things are called in Redis: a prefix, a letter for the kind, and the pattern.
 *
 * | name | |
 * |---|---|
 * | `parley:m:users.get` | channel of a message |
 * | `parley:e:user.created` | channel of an event |
 * | `parley:c:users.get` | channel of who may hold a request of that pattern, for cancel and credit |
 * | `parley:i:users-x7f3k2m9q1` | inbox of an instance: no event's wildcard can match it |
 * | `parley:m:{users.get}` | stream of a message; with `e` of an event |
 * | `parley:d:m:{users.get}` | its dead letters, in the same slot of a cluster |
 */
export class Names {
  readonly prefix: string;
  /** The channel that was last asked for, for each kind. */
  readonly #last: Record<ChannelKind, { of: string | undefined; channel: string }> = {
    message: { of: undefined, channel: '' },
    event: { of: undefined, channel: '' },
    inbox: { of: undefined, channel: '' },
    control: { of: undefined, channel: '' },
  };

  /** @param prefix as {@link checkPrefix} allows it. */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  channel(kind: ChannelKind, of: string): string {
    const last = this.#last[kind];
    // Messages for one channel follow each other. The same string is also found faster in a map than an equal one.
    if (last.of === of) return last.channel;
    last.of = of;
    last.channel = `${this.prefix}${letters[kind]}:${of}`;
    return last.channel;
  }

  /** `undefined` for what is none of ours. */
  read(channel: string): ReadChannel | undefined {
    const { prefix } = this;
    const kind = kinds[channel.charAt(prefix.length)];
    const begin = prefix.length + 2;
    if (kind === undefined || channel.charAt(begin - 1) !== ':' || !channel.startsWith(prefix)) return undefined;
    return { kind, of: channel.slice(begin) };
  }

  /** For PSUBSCRIBE: the channels of the events that `wildcard` matches, and no others. */
  eventGlob(wildcard: string): string {
    const parts = wildcard.split('*').map(escapeGlob);
    return `${escapeGlob(`${this.prefix}${letters.event}:`)}${parts.join('*')}`;
  }

  /**
   * The key of a stream. What is in braces decides on the slot in a cluster, so what belongs together (see
   * {@link deadLetters}) has the same braces; those of the pattern must not end them early.
   */
  stream(kind: 'message' | 'event', pattern: string): string {
    return `${this.prefix}${letters[kind]}:{${pattern.replace(/[%}]/g, encodeURIComponent)}}`;
  }

  /** The pattern of a stream's key; `undefined` for what is none of ours. */
  readStream(key: string): { readonly kind: 'message' | 'event'; readonly pattern: string } | undefined {
    const { kind, of } = this.read(key) ?? {};
    if ((kind !== 'message' && kind !== 'event') || of === undefined) return undefined;
    if (of.length < 3 || !of.startsWith('{') || !of.endsWith('}')) return undefined;
    const escaped = of.slice(1, -1);
    if (/[}]|%(?!25|7D)/.test(escaped)) return undefined;
    return { kind, pattern: escaped.replace(/%(25|7D)/g, decodeURIComponent) };
  }

  /** The dead letters of a stream: a key in the same slot, so that one script or transaction can use both. */
  deadLetters(stream: string): string {
    return `${this.prefix}d:${stream.slice(this.prefix.length)}`;
  }

  /** The set of the names of all events that were ever published to streams. */
  get eventNames(): string {
    return `${this.prefix}events`;
  }
}

/**
 * Braces in a prefix put all its keys into one slot of a cluster: one pair with something in it, or none.
 *
 * @throws RpcException 400
 */
export function checkPrefix(prefix: string): string {
  if (/^[^{}]*(\{[^{}]+\}[^{}]*)?$/.test(prefix) && prefix.isWellFormed() && prefix.length <= 256) return prefix;
  throw new RpcException(
    `redis: the option "prefix" may have up to 256 characters and one pair of braces with something in it, got ${JSON.stringify(prefix)}`,
    { code: RpcCode.BadRequest },
  );
}

/** What PSUBSCRIBE would not take literally: https://redis.io/docs/latest/commands/psubscribe/ */
function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^]/g, '\\$&');
}
