import {
  type Body,
  type Event as EventEnvelope,
  type Headers,
  type Reply,
  type Request,
  utf8Length,
} from '@parley/core/transport';
import { ByteQueue } from './byte-queue.ts';
import { Flag, type Frame, type GoAway, type Hello, Kind, magic, maxHeadBytes, prefixBytes } from './frame.ts';
import { FrameError } from './frame-error.ts';

/** The prefix, and the fixed fields and field lengths of the kind that has most of them. */
const fixedBytes = prefixBytes + 4 + 4 + 2 + 2 + 2 + 2;
const maxUint32 = 0xffff_ffff;

/** Frames to bytes. What was written is taken out in order with `shift`. No I/O. */
export class FrameWriter extends ByteQueue {
  /**
   * Writes one frame; nothing of it stays when it throws. Bodies are copied: they may change afterwards.
   *
   * @throws FrameError 400 when the id is no u32, or pattern, key, content type and headers are over 64 KiB.
   */
  write(frame: Frame): void {
    switch (frame.kind) {
      case 'request':
        return this.#request(frame);
      case 'reply':
        return this.#reply(frame);
      case 'event':
        return this.#event(frame);
      case 'error': {
        const start = this.begin(Kind.error, bodyFlag(frame.body), frame.id, fixedBytes, frame.body);
        return this.finish(start, frame.body);
      }
      case 'complete':
        return this.#bare(Kind.complete, frame.id);
      case 'cancel':
        return this.#bare(Kind.cancel, frame.id);
      case 'credit': {
        const start = this.begin(Kind.credit, 0, frame.id, fixedBytes, undefined);
        const total = Math.min(frame.total, Number.MAX_SAFE_INTEGER);
        this.uint32(Math.floor(total / 2 ** 32));
        this.uint32(total % 2 ** 32);
        return this.finish(start, undefined);
      }
      case 'defer': {
        const start = this.begin(Kind.defer, 0, frame.id, fixedBytes, undefined);
        this.uint32(wholeTime(frame.timeout));
        return this.finish(start, undefined);
      }
      case 'hello':
        return this.#hello(frame);
      case 'goAway':
        return this.#goAway(frame);
      case 'ping':
        return this.#bare(Kind.ping, 0);
      case 'pong':
        return this.#bare(Kind.pong, 0);
    }
  }

  #request(frame: Request): void {
    const { id, pattern, contentType, headers, body, credit } = frame;
    let flags = bodyFlag(body);
    let bound = fixedBytes + 3 * pattern.length;
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    if (headers !== undefined) {
      flags |= Flag.headers;
      bound += headersBound(headers);
    }
    if (credit !== 0) flags |= Flag.credit;
    const start = this.begin(Kind.request, flags, id, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    this.uint32(wholeTime(frame.timeout));
    if (credit !== 0) this.uint32(Math.min(credit, maxUint32));
    this.name(pattern);
    if (contentType !== undefined) this.name(contentType);
    if (headers !== undefined) this.headers(headers);
    this.finish(start, body);
  }

  #event(frame: EventEnvelope): void {
    const { pattern, key, contentType, headers, body } = frame;
    let flags = bodyFlag(body);
    let bound = fixedBytes + 3 * pattern.length;
    if (key !== undefined) {
      flags |= Flag.key;
      bound += 3 * key.length;
    }
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    if (headers !== undefined) {
      flags |= Flag.headers;
      bound += headersBound(headers);
    }
    const start = this.begin(Kind.event, flags, 0, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    this.name(pattern);
    if (key !== undefined) this.string(key);
    if (contentType !== undefined) this.name(contentType);
    if (headers !== undefined) this.headers(headers);
    this.finish(start, body);
  }

  #reply(frame: Reply): void {
    const { contentType, body } = frame;
    let flags = bodyFlag(body) | (frame.last ? Flag.last : 0);
    let bound = fixedBytes;
    if (contentType !== undefined) {
      flags |= Flag.contentType;
      bound += 3 * contentType.length;
    }
    const start = this.begin(Kind.reply, flags, frame.id, bound > maxHeadBytes ? exactHead(frame) : bound, body);
    if (contentType !== undefined) this.name(contentType);
    this.finish(start, body);
  }

  #hello(frame: Hello): void {
    const start = this.begin(Kind.hello, 0, 0, fixedBytes + 3 * frame.name.length, undefined);
    this.uint32(magic);
    this.uint16((frame.major << 8) | frame.minor);
    this.uint32(frame.maxBody);
    this.string(frame.name);
    this.finish(start, undefined);
  }

  #goAway(frame: GoAway): void {
    const flags = frame.phase === 'now' ? Flag.now : frame.phase === 'done' ? Flag.done : 0;
    const start = this.begin(Kind.goAway, flags, 0, fixedBytes + 3 * frame.reason.length, undefined);
    this.uint16(frame.code);
    this.string(frame.reason);
    this.finish(start, undefined);
  }

  #bare(kind: number, id: number | string): void {
    this.finish(this.begin(kind, 0, id, prefixBytes, undefined), undefined);
  }
}

function bodyFlag(body: Body): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? Flag.text : Flag.bytes;
}

function headersBound(headers: Headers): number {
  let bound = 2;
  for (const name in headers) bound += 4 + 3 * (name.length + (headers[name] as string).length);
  return bound;
}

/** Milliseconds as a u32: no time at all must not become 0, which is no limit. */
function wholeTime(timeout: number): number {
  if (timeout === 0) return 0;
  return Math.min(Math.max(1, Math.ceil(timeout)), maxUint32);
}

/** For the head that might be too long: counted, and refused if it is. */
function exactHead(frame: Request | EventEnvelope | Reply): number {
  const { pattern = '', key = '', contentType = '', headers = {} } = frame as Partial<EventEnvelope>;
  let bytes = fixedBytes + utf8Length(pattern) + utf8Length(key) + utf8Length(contentType);
  for (const name in headers) bytes += 4 + utf8Length(name) + utf8Length(headers[name] as string);
  if (bytes <= maxHeadBytes) return bytes;
  throw new FrameError(`pattern, key, content type and headers take ${bytes} bytes, and the limit is ${maxHeadBytes}`);
}
