import type { StandardSchemaV1 } from '@standard-schema/spec';
import { RpcCode, RpcException } from '../errors/index.ts';
import { type Pattern, patternKey, targetKey } from './pattern.ts';
import { isWildcard } from './wildcard.ts';

/** Tells a contract from a pattern that is an object, across copies of the package. */
const brand = Symbol.for('parley.contract');

/** Any schema of the Standard Schema specification: zod, valibot, arktype and others. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** What goes into a schema; `unknown` where there is none. */
export type InputOf<S> = S extends Schema<infer Input, unknown> ? Input : unknown;
/** What comes out of a schema; `unknown` where there is none. */
export type OutputOf<S> = S extends Schema<unknown, unknown> ? StandardSchemaV1.InferOutput<S> : unknown;

/** A message pattern with its schemas, shared by both sides. Made by {@link message}. */
export interface MessageContract<
  Request extends Schema | undefined = undefined,
  Reply extends Schema | undefined = undefined,
> {
  readonly kind: 'message';
  readonly pattern: Pattern;
  readonly key: string;
  readonly request: Request;
  readonly reply: Reply;
  readonly idempotent: boolean | undefined;
}

/** An event pattern with its schema, shared by both sides. Made by {@link event}. */
export interface EventContract<Payload extends Schema | undefined = undefined> {
  readonly kind: 'event';
  readonly pattern: Pattern;
  readonly key: string;
  readonly payload: Payload;
  readonly idempotent: boolean | undefined;
}

/** What a handler of a message contract gets: `get(query: RequestOf<typeof GetUsers>)`. */
export type RequestOf<Contract extends AnyMessageContract> = OutputOf<Contract['request']>;
/** What `send` of a message contract gives. */
export type ReplyOf<Contract extends AnyMessageContract> = OutputOf<Contract['reply']>;
/** What a handler of an event contract gets. */
export type PayloadOf<Contract extends AnyEventContract> = OutputOf<Contract['payload']>;

export type AnyMessageContract = MessageContract<Schema | undefined, Schema | undefined>;
export type AnyEventContract = EventContract<Schema | undefined>;

export interface MessageContractOptions<Request extends Schema | undefined, Reply extends Schema | undefined> {
  /** Checked on the server; the handler gets its output. Default: anything, as `unknown`. */
  readonly request?: Request | undefined;
  /** Checked on the client, each reply of a stream on its own; `send` gives its output. Default: anything. */
  readonly reply?: Reply | undefined;
  /**
   * Whether handling it twice is as good as once. `true`: `retry` repeats the call also when the outcome is unknown
   * (408, 502). `false`: a durable message is settled before the handler runs, and the handler only runs when the broker has
   * confirmed that, so at most once. Default: neither.
   */
  readonly idempotent?: boolean | undefined;
}

export interface EventContractOptions<Payload extends Schema | undefined> {
  /** Checked by each handler's side. Default: anything. */
  readonly payload?: Payload | undefined;
  /**
   * `false`: a durable event is settled before its handlers run, and they only run when the broker has confirmed that, so at
   * most once. Where a service handles it with another handler, too, that is declared without this, the event is kept for
   * that one: then both may run again when the instance dies. Default: at least once.
   */
  readonly idempotent?: boolean | undefined;
}

/**
 * A contract for a message: `message('users.get', { request: z.object({ page: z.number() }), reply: z.array(User) })`.
 *
 * @throws RpcException 400 for a pattern that cannot be sent to, TypeError for what is no Standard Schema.
 */
export function message<Request extends Schema | undefined = undefined, Reply extends Schema | undefined = undefined>(
  pattern: Pattern,
  options: MessageContractOptions<Request, Reply> = {},
): MessageContract<Request, Reply> {
  checkNames(options, ['request', 'reply', 'idempotent']);
  return Object.freeze({
    [brand]: true,
    kind: 'message',
    pattern,
    key: targetKey(pattern),
    request: checkSchema(options.request, 'request') as Request,
    reply: checkSchema(options.reply, 'reply') as Reply,
    idempotent: options.idempotent,
  });
}

/**
 * A contract for an event: `event('user.created', { payload: User })`. A string pattern may hold `*`; such a contract
 * can be listened to, not emitted.
 *
 * @throws RpcException 400 for a bad pattern, TypeError for what is no Standard Schema.
 */
export function event<Payload extends Schema | undefined = undefined>(
  pattern: Pattern,
  options: EventContractOptions<Payload> = {},
): EventContract<Payload> {
  checkNames(options, ['payload', 'idempotent']);
  return Object.freeze({
    [brand]: true,
    kind: 'event',
    pattern,
    key: patternKey(pattern),
    payload: checkSchema(options.payload, 'payload') as Payload,
    idempotent: options.idempotent,
  });
}

export function isContract(value: unknown): value is AnyMessageContract | AnyEventContract {
  return typeof value === 'object' && value !== null && brand in value;
}

/** The key to send a contract's message or event to. @throws RpcException 400 for a wildcard. */
export function contractTarget(contract: AnyMessageContract | AnyEventContract): string {
  if (contract.kind === 'event' && isWildcard(contract.pattern)) return targetKey(contract.pattern);
  return contract.key;
}

/** A schema under a misspelt name would check nothing. */
function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`a contract has no option "${name}"; the options are ${known.join(', ')}`);
  }
}

function checkSchema(schema: unknown, name: string): unknown {
  if (schema === undefined || isSchema(schema)) return schema;
  throw new TypeError(`${name} must be a Standard Schema (zod, valibot, arktype …)`);
}

/** Some libraries' schemas are functions (arktype). */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as { '~standard'?: { validate?: unknown } })['~standard'];
  return typeof standard?.validate === 'function';
}

/** @throws RpcException 400 when an event's contract is sent as a message, or the other way round. */
export function expectKind(contract: AnyMessageContract | AnyEventContract, kind: 'message' | 'event'): void {
  if (contract.kind === kind) return;
  const hint = kind === 'message' ? 'use emit' : 'use send or stream';
  throw new RpcException(
    `${JSON.stringify(contract.key)} is the contract of ${contract.kind === 'event' ? 'an event: ' : 'a message: '}${hint}`,
    {
      code: RpcCode.BadRequest,
    },
  );
}
