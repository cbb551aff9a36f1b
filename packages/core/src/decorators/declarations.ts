import { isContract, patternKey } from '../patterns/index.ts';
import type { HandlerDeclaration } from '../registry/index.ts';

/** What a decorator says of a method; the instance is added when the host has made it. */
export type MethodDeclaration = Omit<HandlerDeclaration, 'name' | 'handle'> & { readonly method: string | symbol };

/** How one parameter of a method is filled. */
export type ParameterDeclaration =
  | { readonly kind: 'payload'; readonly schema?: unknown; readonly path?: string }
  | { readonly kind: 'context'; readonly transport?: string };

/**
 * Registered symbols, on the classes themselves: nothing is kept process-wide, and two copies of this package read each
 * other's decorators.
 */
const handlers = Symbol.for('parley.handlers');
const parameters = Symbol.for('parley.parameters');
const controller = Symbol.for('parley.controller');

/** Methods by name, each with its parameters by position. */
export type MethodParameters = Map<string | symbol, (ParameterDeclaration | undefined)[]>;

/** @param owner the prototype (experimentalDecorators) or the instance that is being made (standard decorators). */
export function declareHandler(owner: object, declaration: MethodDeclaration): void {
  ownList<MethodDeclaration[]>(owner, handlers, () => []).push(declaration);
}

export function declareParameter(
  prototype: object,
  method: string | symbol,
  index: number,
  parameter: ParameterDeclaration,
): void {
  const methods = ownList<MethodParameters>(prototype, parameters, () => new Map());
  const list = methods.get(method) ?? [];
  list[index] = parameter;
  methods.set(method, list);
}

export function declareController(type: object): void {
  Object.defineProperty(type, controller, { value: true });
}

export function isController(type: object): boolean {
  return controller in type;
}

/**
 * What was declared for an instance, by the classes that its own extends first. Of a method that overrides another and
 * repeats its decorator only the override counts.
 */
export function declarationsOf(instance: object): MethodDeclaration[] {
  const found: MethodDeclaration[] = [];
  for (const owner of withPrototypes(instance)) {
    // Backwards, since an instance's own list begins with the base class.
    for (const declaration of (ownValue<MethodDeclaration[]>(owner, handlers) ?? []).toReversed()) {
      if (!found.some((other) => isRepeated(declaration, other))) found.push(declaration);
    }
  }
  return found.reverse();
}

/** The parameters of a method, as the nearest class that decorates them says; `undefined` when none does. */
export function parametersOf(
  instance: object,
  method: string | symbol,
): readonly (ParameterDeclaration | undefined)[] | undefined {
  for (const owner of withPrototypes(instance)) {
    const list = ownValue<MethodParameters>(owner, parameters)?.get(method);
    if (list !== undefined) return list;
    // An override without decorated parameters is called plainly.
    if (owner !== instance && Object.hasOwn(owner, method)) return undefined;
  }
  return undefined;
}

function isRepeated(a: MethodDeclaration, b: MethodDeclaration): boolean {
  const isSame = a.kind === b.kind && a.method === b.method && a.options.transport === b.options.transport;
  return isSame && keyOf(a.target) === keyOf(b.target);
}

/** What is no pattern is refused later, with the handler's name. */
function keyOf(target: MethodDeclaration['target']): unknown {
  if (isContract(target)) return target.key;
  try {
    return patternKey(target);
  } catch {
    return target;
  }
}

function* withPrototypes(instance: object): Iterable<object> {
  for (let owner: object | null = instance; owner !== null; owner = Object.getPrototypeOf(owner) as object | null)
    yield owner;
}

function ownValue<Value>(owner: object, key: symbol): Value | undefined {
  return Object.hasOwn(owner, key) ? (owner as Record<symbol, Value>)[key] : undefined;
}

function ownList<Value>(owner: object, key: symbol, create: () => Value): Value {
  const known = ownValue<Value>(owner, key);
  if (known !== undefined) return known;
  const value = create();
  Object.defineProperty(owner, key, { value });
  return value;
}
