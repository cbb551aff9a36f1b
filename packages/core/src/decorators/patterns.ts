import type { AnyEventContract, AnyMessageContract, Pattern } from '../patterns/index.ts';
import type {
  ContextOf,
  EventHandlerOptions,
  HandlerData,
  HandlerReply,
  MessageHandlerOptions,
} from '../registry/index.ts';
import { declareHandler, type MethodDeclaration } from './declarations.ts';

/** The payload of a method: a bare pattern's is for the method to say. */
type MethodData<Target> = Target extends Pattern ? never : HandlerData<Target>;

/**
 * A method decorator of either world. A standard one checks the method against the contract and the transport's
 * context; an `experimentalDecorators` one cannot, since its parameters may be decorated, too.
 */
export interface HandlerDecorator<Data, Context, Result> {
  <This extends object, Method extends (this: This, data: Data, context: Context) => Result>(
    method: Method,
    context: ClassMethodDecoratorContext<This, Method>,
  ): void;
  (prototype: object, method: string | symbol, descriptor: PropertyDescriptor): void;
}

/**
 * The method answers messages of this pattern or contract. It is called with `(data, ctx)`.
 *
 * @param transport only those that come by this transport (a name of `Transports`), which also types `ctx`.
 */
export function MessagePattern<Target extends Pattern | AnyMessageContract, Transport extends string = string>(
  target: Target,
  transport?: Transport | MessageHandlerOptions<Transport>,
): HandlerDecorator<MethodData<Target>, ContextOf<Transport>, HandlerReply<Target>> {
  return decorate('message', target, transport);
}

/**
 * The method handles events of this pattern or contract; a string pattern may hold `*`, which matches any run of
 * characters. Several handlers may share a pattern: all run.
 *
 * @param transport a name of `Transports`, or options that may hold one.
 */
export function EventPattern<Target extends Pattern | AnyEventContract, Transport extends string = string>(
  target: Target,
  transport?: Transport | EventHandlerOptions<Transport>,
): HandlerDecorator<MethodData<Target>, ContextOf<Transport>, unknown> {
  return decorate('event', target, transport);
}

function decorate(
  kind: MethodDeclaration['kind'],
  target: MethodDeclaration['target'],
  transport: string | MethodDeclaration['options'] | undefined,
): HandlerDecorator<never, never, unknown> {
  const options = typeof transport === 'string' ? { transport } : (transport ?? {});
  const decorator = kind === 'message' ? '@MessagePattern' : '@EventPattern';
  return (
    owner: unknown,
    where: string | symbol | ClassMethodDecoratorContext,
    descriptor?: PropertyDescriptor,
  ): void => {
    if (typeof where === 'object') {
      if (where.kind !== 'method' || where.private || where.static) {
        throw new TypeError(
          `${decorator} on ${String(where.name)}: only a public method of the instance can be a handler`,
        );
      }
      const method = where.name;
      // By name, since another decorator may still wrap the function.
      where.addInitializer(function (this: unknown) {
        declareHandler(this as object, { kind, target, options, method });
      });
      return;
    }
    if (typeof owner !== 'object' || owner === null) {
      throw new TypeError(
        `${decorator} on ${String(where)}: only a method of the instance can be a handler, not a static one`,
      );
    }
    if (descriptor !== undefined && typeof descriptor.value !== 'function') {
      throw new TypeError(`${decorator} on ${String(where)}: only a method can be a handler, not a getter or setter`);
    }
    declareHandler(owner, { kind, target, options, method: where });
  };
}
