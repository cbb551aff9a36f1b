import { MessageContext } from '../context/index.ts';
import { isSchema, type Schema } from '../patterns/index.ts';
import { declareParameter } from './declarations.ts';

/** A parameter decorator: these exist with `experimentalDecorators` only. */
export type HandlerParameterDecorator = (prototype: object, method: string | symbol | undefined, index: number) => void;

/** A context class of a transport says by a static property which one. */
export type ContextType = (abstract new (...args: never[]) => MessageContext) & { readonly transport?: string };

/**
 * The payload, or a part of it.
 *
 * @param schemaOrPath a schema that the payload must satisfy (else 422), whose output is given; or a path into the
 *   payload, `address.city`, whose missing parts give `undefined`.
 */
export function Payload(schemaOrPath?: Schema | string): HandlerParameterDecorator {
  const isPath = typeof schemaOrPath === 'string' && schemaOrPath !== '';
  if (schemaOrPath !== undefined && !isPath && !isSchema(schemaOrPath)) {
    throw new TypeError('@Payload takes a Standard Schema (zod, valibot, arktype …) or a path');
  }
  return (prototype, method, index) => {
    declareParameter(prototype, nameOf(method, '@Payload'), index, {
      kind: 'payload',
      ...(typeof schemaOrPath === 'string' ? { path: schemaOrPath } : { schema: schemaOrPath }),
    });
  };
}

/**
 * The context.
 *
 * @param type a transport's context class (`KafkaContext`): the handler then serves that transport only.
 */
export function Ctx(type?: ContextType): HandlerParameterDecorator {
  if (type !== undefined && type !== MessageContext && typeof type.transport !== 'string') {
    throw new TypeError('@Ctx takes the context class of a transport, such as TcpContext, or nothing');
  }
  const transport = type?.transport;
  return (prototype, method, index) => {
    declareParameter(prototype, nameOf(method, '@Ctx'), index, {
      kind: 'context',
      ...(transport === undefined ? {} : { transport }),
    });
  };
}

function nameOf(method: string | symbol | undefined, decorator: string): string | symbol {
  if (method === undefined)
    throw new TypeError(`${decorator} stands on a parameter of a method, not of the constructor`);
  return method;
}
