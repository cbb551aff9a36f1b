import {
  checkHeaders,
  type Headers,
  maxHeaderBytes,
  maxPatternLength,
  RpcCode,
  RpcException,
} from '@parley/core/transport';
import { getUint32 } from './bytes.ts';
import { FieldReader } from './field-reader.ts';
import {
  allowedFlags,
  Flag,
  type Frame,
  type GoAway,
  type Hello,
  Kind,
  magic,
  majorVersion,
  prefixBytes,
  type Refused,
} from './frame.ts';
import { FrameError } from './frame-error.ts';
import type { StringCache } from './string-cache.ts';

const ping: Frame = { kind: 'ping' };
const pong: Frame = { kind: 'pong' };

/** Bytes to frames. One per connection, because it carries the connection into what it reads. No I/O. */
export class FrameDecoder extends FieldReader {
  readonly #source: unknown;

  /** @param source what the envelopes of messages get as their `source`. */
  constructor(strings: StringCache, maxBody: number, source: unknown) {
    super(strings, maxBody);
    this.#source = source;
  }

  /**
   * The frame between `start` (its kind byte) and `end`. Bodies of bytes may share memory with `buffer`.
   *
   * @throws FrameError for anything that is not exactly as docs/wire-protocol.md says.
   */
  decode(buffer: Buffer, start: number, end: number): Frame | Refused {
    const kind = buffer[start] as number;
    const flags = buffer[start + 1] as number;
    const allowed = allowedFlags[kind];
    if (allowed === undefined) throw new FrameError(`a frame of the unknown kind ${kind}`);
    if ((flags & ~allowed) !== 0) throw new FrameError(`flags ${hex(flags)} on a frame of kind ${kind}`);
    const id = getUint32(buffer, start + 2);
    this.open(buffer, start + prefixBytes - 4, end);
    const frame = this.#frame(kind, flags, id);
    if (this.at !== end) throw new FrameError(`${end - this.at} bytes too many in a frame of kind ${kind}`);
    return frame;
  }

  #frame(kind: number, flags: number, id: number): Frame | Refused {
    switch (kind) {
      case Kind.request:
        return this.#request(flags, id);
      case Kind.reply: {
        const contentType = (flags & Flag.contentType) === 0 ? undefined : this.name();
        return { kind: 'reply', id, last: (flags & Flag.last) !== 0, contentType, body: this.body(flags) };
      }
      case Kind.event:
        return this.#event(flags, id);
      case Kind.error:
        return { kind: 'error', id, body: this.body(flags) };
      case Kind.complete:
        return { kind: 'complete', id };
      case Kind.defer:
        return { kind: 'defer', id, timeout: this.uint32() };
      case Kind.cancel:
        return { kind: 'cancel', id, to: undefined, pattern: '' };
      case Kind.credit:
        return { kind: 'credit', id, to: undefined, pattern: '', total: this.total() };
      default:
        if (id !== 0) throw new FrameError(`the id ${id} on a frame of kind ${kind}, which has none`);
        return this.#own(kind, flags);
    }
  }

  #own(kind: number, flags: number): Hello | GoAway | Frame {
    switch (kind) {
      case Kind.hello:
        return this.#hello();
      case Kind.goAway:
        return this.#goAway(flags);
      case Kind.ping:
        return ping;
      default:
        return pong;
    }
  }

  #request(flags: number, id: number): Frame | Refused {
    const timeout = this.uint32();
    const credit = (flags & Flag.credit) === 0 ? 0 : this.uint32();
    const pattern = this.name();
    const contentType = (flags & Flag.contentType) === 0 ? undefined : this.name();
    const headers = (flags & Flag.headers) === 0 ? undefined : this.#headers();
    const body = this.body(flags);
    const wrong = wrongMessage(pattern, headers);
    if (wrong !== undefined) return { kind: 'refused', id, reason: wrong };
    const source = this.#source;
    return {
      kind: 'request',
      id,
      pattern,
      headers: headers as Headers | undefined,
      contentType,
      body,
      source,
      timeout,
      credit,
    };
  }

  #event(flags: number, id: number): Frame | Refused {
    if (id !== 0) throw new FrameError(`the id ${id} on an event, which has none`);
    const pattern = this.name();
    const key = (flags & Flag.key) === 0 ? undefined : this.text();
    const contentType = (flags & Flag.contentType) === 0 ? undefined : this.name();
    const headers = (flags & Flag.headers) === 0 ? undefined : this.#headers();
    const body = this.body(flags);
    const wrong = wrongMessage(pattern, headers);
    if (wrong !== undefined) return { kind: 'refused', id: undefined, reason: wrong };
    const source = this.#source;
    return { kind: 'event', pattern, headers: headers as Headers | undefined, contentType, body, source, key };
  }

  /** The part before the version never changes, and later minor versions may add to its end. */
  #hello(): Hello {
    if (this.end - this.at < 6 || this.uint32() !== magic) {
      throw new FrameError('the other side does not speak Parley', RpcCode.Unsupported);
    }
    const version = this.uint16();
    const major = version >>> 8;
    const minor = version & 0xff;
    if (major !== majorVersion) {
      const message = `the other side speaks version ${major}.${minor} of the protocol, this one ${majorVersion}`;
      throw new FrameError(message, RpcCode.Unsupported);
    }
    const hello: Hello = { kind: 'hello', major, minor, maxBody: this.uint32(), name: this.text() };
    this.at = this.end;
    return hello;
  }

  #goAway(flags: number): GoAway {
    if (flags === (Flag.now | Flag.done)) throw new FrameError('a goAway that is both now and done');
    const code = this.uint16();
    const reason = this.text();
    return { kind: 'goAway', phase: flags === 0 ? 'leaving' : flags === Flag.now ? 'now' : 'done', code, reason };
  }

  /** An exception is for this message's sender alone. */
  #headers(): Headers | RpcException | undefined {
    const end = this.field();
    const headers: Record<string, string> = Object.create(null) as Record<string, string>;
    let wrong: RpcException | undefined;
    let size = 0;
    while (this.at < end) {
      const name = this.name();
      const value = this.text();
      size += name.length + value.length;
      if (name in headers) wrong ??= badHeaders(`the header ${JSON.stringify(name)} comes twice`);
      if (size > maxHeaderBytes) wrong ??= badHeaders(`headers are larger than ${maxHeaderBytes} bytes`);
      if (wrong === undefined) headers[name] = value;
    }
    if (this.at !== end) throw new FrameError('a header that goes beyond the headers');
    if (wrong !== undefined) return wrong;
    try {
      return checkHeaders(headers);
    } catch (error) {
      return RpcException.from(error);
    }
  }
}

const badRequest = { code: RpcCode.BadRequest } as const;

function wrongMessage(pattern: string, headers: Headers | RpcException | undefined): RpcException | undefined {
  if (pattern.length === 0) return new RpcException('Bad pattern: is empty', badRequest);
  if (pattern.length > maxPatternLength) {
    return new RpcException(`Bad pattern: is longer than ${maxPatternLength} characters`, badRequest);
  }
  return headers instanceof RpcException ? headers : undefined;
}

function badHeaders(what: string): RpcException {
  return new RpcException(`Bad headers: ${what}`, badRequest);
}

function hex(flags: number): string {
  return `0x${flags.toString(16).padStart(2, '0')}`;
}
