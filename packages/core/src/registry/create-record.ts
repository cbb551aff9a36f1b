import { RpcCode, RpcException } from '../errors/index.ts';
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
import { resolveRetry } from '../seam/index.ts';
import type { HandlerFunction, HandlerRecord } from './handler-record.ts';
import type { EventHandlerOptions, MessageHandlerOptions } from './handler-types.ts';

export interface HandlerDeclaration {
  readonly kind: 'message' | 'event';
  readonly target: Pattern | AnyMessageContract | AnyEventContract;
  readonly options: MessageHandlerOptions & EventHandlerOptions;
  /** `UsersController.getUsers`; of a function without a name, its pattern. */
  readonly name: string;
  readonly handle: HandlerFunction;
}

/** @throws RpcException 400 that names the handler and what is wrong with its pattern or options. */
export function createRecord({ kind, target, options, name, handle }: HandlerDeclaration): HandlerRecord {
  try {
    const contract = isContract(target) ? target : undefined;
    if (contract !== undefined) expectKind(contract, kind);
    const pattern = contract?.pattern ?? (target as Pattern);
    const { transport } = options;
    if (transport !== undefined && (typeof transport !== 'string' || transport === '')) {
      throw new RpcException(`the transport must be a name, as in Transports, got ${JSON.stringify(transport)}`, {
        code: RpcCode.BadRequest,
      });
    }
    return {
      kind,
      key: kind === 'message' ? targetKey(pattern) : patternKey(pattern),
      wildcard: isWildcard(pattern),
      transport,
      name,
      handle,
      schema: schemaOf(contract),
      idempotent: contract?.idempotent,
      retry: options.retry === undefined ? undefined : resolveRetry('retry', options.retry),
      broadcast: options.broadcast ?? false,
    };
  } catch (thrown) {
    const error = RpcException.from(thrown);
    throw new RpcException(`The handler ${name}: ${error.message}`, { code: error.code, cause: thrown });
  }
}

function schemaOf(contract: AnyMessageContract | AnyEventContract | undefined): Schema | undefined {
  return contract?.kind === 'message' ? contract.request : contract?.payload;
}
