import { RpcException } from '../errors/index.ts';
import {
  type AnyEventContract,
  type AnyMessageContract,
  expectKind,
  isContract,
  isWildcard,
  type Pattern,
  patternKey,
  type Schema,
  targetKey,
} from '../patterns/index.ts';
import { OptionReader, type RetryOptions, resolveRetry } from '../seam/index.ts';
import type { HandlerFunction, HandlerRecord } from './handler-record.ts';
import type { EventHandlerOptions, MessageHandlerOptions } from './handler-types.ts';

const messageOptions = ['transport'] as const;
const eventOptions = ['transport', 'retry', 'broadcast'] as const;

export interface HandlerDeclaration {
  readonly kind: 'message' | 'event';
  readonly target: Pattern | AnyMessageContract | AnyEventContract;
  readonly options: MessageHandlerOptions & EventHandlerOptions;
  /** `UsersController.getUsers`; empty for a function without a name, which is then called by its pattern. */
  readonly name: string;
  readonly handle: HandlerFunction;
}

/** @throws RpcException 400 that names the handler and what is wrong with its pattern or options. */
export function createRecord({ kind, target, options, name, handle }: HandlerDeclaration): HandlerRecord {
  try {
    const contract = isContract(target) ? target : undefined;
    if (contract !== undefined) expectKind(contract, kind);
    const pattern = contract?.pattern ?? (target as Pattern);
    const key = contract?.key ?? (kind === 'message' ? targetKey(pattern) : patternKey(pattern));
    const read = new OptionReader('its options', options, kind === 'message' ? messageOptions : eventOptions);
    return {
      kind,
      key,
      wildcard: isWildcard(pattern),
      transport: read.string('transport'),
      name: name === '' ? `${kind}(${JSON.stringify(key)})` : name,
      handle,
      schema: schemaOf(contract),
      idempotent: contract?.idempotent,
      retry: checkRetry(options.retry),
      broadcast: read.boolean('broadcast', { default: false }),
    };
  } catch (thrown) {
    const error = RpcException.from(thrown);
    throw new RpcException(`The handler ${name === '' ? `of ${describeTarget(target)}` : name}: ${error.message}`, {
      code: error.code,
      cause: thrown,
    });
  }
}

/** Kept as it is given: what it leaves out is the endpoint's. */
function checkRetry(retry: RetryOptions | undefined): RetryOptions | undefined {
  if (retry !== undefined) resolveRetry('its option "retry"', retry);
  return retry;
}

function schemaOf(contract: AnyMessageContract | AnyEventContract | undefined): Schema | undefined {
  return contract?.kind === 'message' ? contract.request : contract?.payload;
}

function describeTarget(target: HandlerDeclaration['target']): string {
  if (isContract(target)) return JSON.stringify(target.key);
  return typeof target === 'string' ? JSON.stringify(target) : `a pattern of type ${typeof target}`;
}
