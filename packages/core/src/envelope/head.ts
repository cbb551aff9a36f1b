import { RpcCode, RpcException } from '../errors/index.ts';
import type { Body, Envelope, Headers } from './envelope.ts';
import { returnAddress, returnNumber } from './return-address.ts';

/**
 * The head: what a broker carries of an envelope beside its body and its pattern, which is in the name of the channel
 * or topic. One line of JSON, so that it can be read where messages are looked at, with any tool and at any hour:
 *
 * ```text
 * [1,"request","api-x7f3/42",20000,0,"text"]
 * [1,"reply",42,"users-9k2p",0,true,"text"]
 * ```
 *
 * docs/wire-protocol.md has every kind. A later minor version may add to the end; readers ignore what they do not know.
 */
export const headVersion = 1;

/**
 * The head of an envelope that `instance` sends: a request, cancel or credit gets its return address, an answer says
 * whom it is from.
 *
 * @param instance the name of the sender's inbox, without `/`.
 * @throws RpcException 400 for an answer to an id that is no return address.
 */
export function writeHead(envelope: Envelope, instance: string): string {
  switch (envelope.kind) {
    case 'request': {
      const { id, timeout, credit, body, contentType, headers } = envelope;
      return `${quoted(instance).request}${id}",${wholeTime(timeout)},${credit},${kindOf(body)}${tail(contentType, headers)}]`;
    }
    case 'event': {
      const { key, body, contentType, headers } = envelope;
      return `[1,"event",${key === undefined ? 'null' : quote(key)},${kindOf(body)}${tail(contentType, headers)}]`;
    }
    case 'reply': {
      const { body, contentType, last } = envelope;
      return `[1,"reply",${answering(envelope, instance)},${last},${kindOf(body)}${tail(contentType, undefined)}]`;
    }
    case 'error':
      return `[1,"error",${answering(envelope, instance)},${kindOf(envelope.body)}]`;
    case 'complete':
      return `[1,"complete",${answering(envelope, instance)}]`;
    case 'defer':
      return `[1,"defer",${answering(envelope, instance)},${wholeTime(envelope.timeout)}]`;
    case 'cancel':
      return `[1,"cancel",${quote(returnAddress(instance, envelope.id))}]`;
    case 'credit':
      return `[1,"credit",${quote(returnAddress(instance, envelope.id))},${envelope.total}]`;
  }
}

/** The fields that all answers begin with: the asker's own number, the answerer, and the place in the order. */
function answering({ id, seq }: { id: number | string; seq?: number | undefined }, instance: string): string {
  const number = returnNumber(id);
  if (number === undefined) {
    throw new RpcException(`${quote(String(id))} is no return address`, { code: RpcCode.BadRequest });
  }
  return `${number}${quoted(instance).from}${seq ?? 'null'}`;
}

/** The parts of heads that are the same for all that an instance sends. */
interface Quoted {
  /** Up to the call's number, which is the instance's own. */
  readonly request: string;
  /** With the commas around it. */
  readonly from: string;
}

/** A process has few instances; to quote the name for each message takes a third of the time of a head [measured]. */
const known = new Map<string, Quoted>();
const maxKnown = 100;

function quoted(instance: string): Quoted {
  const found = known.get(instance);
  if (found !== undefined) return found;
  const name = quote(instance);
  const made = { request: `[1,"request",${name.slice(0, -1)}/`, from: `,${name},` };
  if (known.size >= maxKnown) known.clear();
  known.set(instance, made);
  return made;
}

/** What most messages do without. */
function tail(contentType: string | undefined, headers: Headers | undefined): string {
  if (headers !== undefined) return `,${contentType === undefined ? 'null' : quote(contentType)},${quote(headers)}`;
  return contentType === undefined ? '' : `,${quote(contentType)}`;
}

function kindOf(body: Body): string {
  if (body === undefined) return 'null';
  return typeof body === 'string' ? '"text"' : '"bytes"';
}

/** Milliseconds: no time at all must not become 0, which is no limit. */
function wholeTime(timeout: number): number {
  return timeout === 0 ? 0 : Math.max(1, Math.ceil(timeout));
}

function quote(value: string | Headers): string {
  return JSON.stringify(value);
}
