import { type Headers, headerBytes, maxHeaderBytes, utf8Length } from '../envelope/index.ts';
import { originContext } from './context-storage.ts';
import { type HandledMessage, MessageContext } from './message-context.ts';

/** What passes through a service from the messages it gets to those it sends: W3C Trace Context and W3C Baggage. */
const inheritedHeaders = ['traceparent', 'tracestate', 'baggage'] as const;

/** The message in whose handler this runs, or began to run before the handler ended (`over`). */
export function currentMessage(): HandledMessage | undefined {
  const context = originContext();
  return context === undefined ? undefined : MessageContext.messageOf(context);
}

/**
 * The caller's own headers, and those of the message being handled that pass through, unless the caller sets them or
 * they would be too large together (then the baggage stays behind first).
 */
export function inheritHeaders(own: Headers | undefined, handled: HandledMessage | undefined): Headers | undefined {
  if (handled === undefined) return own;
  let merged: Record<string, string> | undefined;
  let bytes = headerBytes(own);
  for (const name of inheritedHeaders) {
    const value = handled.headers[name];
    if (value === undefined || own?.[name] !== undefined) continue;
    bytes += name.length + utf8Length(value);
    if (bytes > maxHeaderBytes) break;
    merged ??= { ...own };
    merged[name] = value;
  }
  return merged ?? own;
}
