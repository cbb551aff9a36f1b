import type { MessageContext } from '../context/index.ts';
import type { Schema } from '../patterns/index.ts';
import type { RetryOptions } from '../seam/index.ts';

/** What a handler may be: called with the payload (the schema's output) and the context. */
export type HandlerFunction = (data: unknown, context: MessageContext) => unknown;

/** A handler whose types somebody else has checked. */
export type AnyHandler = (data: never, context: never) => unknown;

/** A handler, however it was declared: the one form that the rest of core knows. */
export interface HandlerRecord {
  readonly kind: 'message' | 'event';
  /** The pattern's key, with `*` in it when `wildcard`. */
  readonly key: string;
  readonly wildcard: boolean;
  /** Only on this transport; `undefined`: on all. */
  readonly transport: string | undefined;
  /** For logs, errors and dead letters: `UsersController.getUsers`. */
  readonly name: string;
  readonly handle: HandlerFunction;
  readonly schema: Schema | undefined;
  readonly idempotent: boolean | undefined;
  /** Events only; what it leaves out is the endpoint's. */
  readonly retry: RetryOptions | undefined;
  /** Events only: every instance wants every event. */
  readonly broadcast: boolean;
}
