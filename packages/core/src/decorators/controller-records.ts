import type { MessageContext } from '../context/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import { type Schema, validate } from '../patterns/index.ts';
import { createRecord, type HandlerFunction, type HandlerRecord } from '../registry/index.ts';
import { show } from '../seam/index.ts';
import {
  declarationsOf,
  isController,
  type MethodDeclaration,
  type ParameterDeclaration,
  parametersOf,
} from './declarations.ts';

type Method = (...args: unknown[]) => unknown;

/** @throws RpcException 400 for a class without `@Controller()`. */
export function checkController(type: abstract new (...args: never[]) => object): void {
  if (typeof type === 'function' && isController(type)) return;
  throw new RpcException(
    `${typeof type === 'function' ? type.name : show(type)} has no @Controller(): only controllers go into "controllers"`,
    {
      code: RpcCode.BadRequest,
    },
  );
}

/**
 * The handlers of a controller, whichever decorators declared them.
 *
 * @throws RpcException 400 when there are none, or one is declared wrongly.
 */
export function controllerRecords(instance: object): HandlerRecord[] {
  const className = instance.constructor.name;
  const records = declarationsOf(instance).map((declaration) => toRecord(instance, className, declaration));
  if (records.length > 0) return records;
  throw new RpcException(
    `The controller ${className} has no handlers: decorate a method with @MessagePattern or @EventPattern`,
    {
      code: RpcCode.BadRequest,
    },
  );
}

function toRecord(
  instance: object,
  className: string,
  { kind, target, options, method }: MethodDeclaration,
): HandlerRecord {
  const name = `${className}.${String(method)}`;
  const parameters = parametersOf(instance, method);
  const transport = limitedTo(name, options.transport, parameters ?? []);
  return createRecord({
    kind,
    target,
    options: transport === undefined ? options : { ...options, transport },
    name,
    handle: parameters === undefined ? callPlainly(instance, method) : callWith(instance, method, parameters),
  });
}

/** Looks the method up at each call, so that a test may spy on it. */
function callPlainly(instance: object, method: string | symbol): HandlerFunction {
  const methods = instance as Record<string | symbol, Method>;
  return (data, context) => (methods[method] as Method)(data, context);
}

function callWith(
  instance: object,
  method: string | symbol,
  parameters: readonly (ParameterDeclaration | undefined)[],
): HandlerFunction {
  const methods = instance as Record<string | symbol, Method>;
  const isAsync = parameters.some((parameter) => parameter?.kind === 'payload' && parameter.schema !== undefined);
  const values = (data: unknown, context: MessageContext) =>
    Array.from(parameters, (parameter) => valueOf(parameter, data, context));
  if (!isAsync) return (data, context) => (methods[method] as Method)(...values(data, context));
  return async (data, context) => (methods[method] as Method)(...(await Promise.all(values(data, context))));
}

function valueOf(parameter: ParameterDeclaration | undefined, data: unknown, context: MessageContext): unknown {
  if (parameter === undefined) return undefined;
  if (parameter.kind === 'context') return context;
  if (parameter.schema !== undefined) return validate(parameter.schema as Schema, data, 'payload');
  return parameter.path === undefined ? data : partOf(data, parameter.path);
}

/** Own properties only: a path from the code meets data from the network. */
function partOf(data: unknown, path: string): unknown {
  let part = data;
  for (const name of path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    part = (part as Record<string, unknown>)[name];
  }
  return part;
}

function limitedTo(
  name: string,
  given: string | undefined,
  parameters: readonly (ParameterDeclaration | undefined)[],
): string | undefined {
  let transport = given;
  for (const parameter of parameters) {
    if (parameter?.kind !== 'context' || parameter.transport === undefined) continue;
    if (transport !== undefined && transport !== parameter.transport) {
      throw new RpcException(
        `The handler ${name} is limited to ${transport}, and its @Ctx to ${parameter.transport}: it would never run`,
        {
          code: RpcCode.BadRequest,
        },
      );
    }
    transport = parameter.transport;
  }
  return transport;
}
