import { InjectionToken, type Token } from '@needle-di/core';
import { RpcCode, RpcException } from '../errors/index.ts';
import {
  checkIsObject,
  type EndpointOptions,
  OptionReader,
  show,
  type Transport,
  type TransportOptions,
} from '../seam/index.ts';

/**
 * A transport by its name, found when the host starts: one of `transports`, or a package of Parley's. Where that package is
 * installed, its options are checked.
 */
export interface NamedTransport<Name extends string = string> {
  readonly transport: Name;
  readonly options?:
    | (Name extends keyof TransportOptions ? TransportOptions[Name] : EndpointOptions & Record<string, unknown>)
    | undefined;
}

/** One connection of the application to the world: a server, a client, or both. */
export interface MicroserviceEntry<Name extends string = string> {
  /** What the `ClientProxy` is injected by, and what `health()` and errors call it. */
  readonly token: Token<unknown>;
  /** `tcp({ port: 8888 })`, or by name `{ transport: Transports.TCP, options: { port: 8888 } }`. */
  readonly options: Transport | NamedTransport<Name>;
  /** Whether to serve the host's handlers there. Default true. */
  readonly listen?: boolean | undefined;
  /** Whether to provide a `ClientProxy` under the token. Default true. */
  readonly client?: boolean | undefined;
}

const brand = Symbol.for('parley.microservices');

/** Goes into `providers` of `createMicroservices`. */
export interface MicroservicesProvider {
  readonly [brand]: readonly MicroserviceEntry[];
}

/**
 * Declares the connections of an application; each has a token that its `ClientProxy` is injected by.
 *
 * @throws RpcException 400 naming the token, for an entry that is neither server nor client, or has no options.
 */
export function provideMicroservices<const Names extends readonly string[]>(
  entries: {
    readonly [Index in keyof Names]: MicroserviceEntry<Names[Index]>;
  },
): MicroservicesProvider {
  if (!Array.isArray(entries)) {
    throw new RpcException(`provideMicroservices: the entries must be an array, got ${show(entries)}`, {
      code: RpcCode.BadRequest,
    });
  }
  for (const entry of entries as readonly MicroserviceEntry[]) checkEntry(entry);
  return { [brand]: [...(entries as readonly MicroserviceEntry[])] };
}

function checkEntry(entry: MicroserviceEntry): void {
  checkIsObject('provideMicroservices: an entry', entry ?? null);
  const { token, options } = entry;
  if (!isToken(token))
    throw badEntry('an entry', `needs a token (a string, symbol, class or InjectionToken), got ${show(token)}`);
  const name = `the entry ${JSON.stringify(tokenName(token))}`;
  const read = new OptionReader(`provideMicroservices: ${name}`, entry, ['token', 'options', 'listen', 'client']);
  if (typeof options !== 'object' || options === null || typeof options.transport !== 'string') {
    throw badEntry(name, 'needs options: a transport such as tcp({ port: 8888 }), or { transport, options }');
  }
  if (!('createTransporter' in options)) {
    checkIsObject(`${name}: the options of ${options.transport}`, options.options);
    new OptionReader(`provideMicroservices: ${name}: "options"`, options, ['transport', 'options']).string('transport');
  }
  const listens = read.boolean('listen', { default: true });
  const isClient = read.boolean('client', { default: true });
  if (!listens && !isClient) throw badEntry(name, 'is neither to listen nor to be a client');
}

export function isMicroservicesProvider(provider: unknown): provider is MicroservicesProvider {
  return typeof provider === 'object' && provider !== null && brand in provider;
}

export function entriesOf(provider: MicroservicesProvider): readonly MicroserviceEntry[] {
  return provider[brand];
}

/** What a token is called in errors and `health()`. */
export function tokenName(token: Token<unknown>): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'string') return token;
  if (typeof token === 'symbol') return token.description ?? token.toString();
  // Its description is private, and how it is printed is not what people call it.
  const [, text = 'an unnamed token'] =
    /^InjectionToken "(.*)"$/s.exec((token as InjectionToken<unknown>).toString()) ?? [];
  return /^Symbol\((.*)\)$/s.exec(text)?.[1] ?? text;
}

function isToken(token: unknown): boolean {
  if (typeof token === 'string') return token !== '';
  return typeof token === 'symbol' || typeof token === 'function' || token instanceof InjectionToken;
}

function badEntry(what: string, problem: string): RpcException {
  return new RpcException(`provideMicroservices: ${what} ${problem}`, { code: RpcCode.BadRequest });
}
