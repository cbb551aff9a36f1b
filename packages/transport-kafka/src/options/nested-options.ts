import { OptionReader } from '@parley/core/transport';

/** The options of `Options` as errors name them: `kafkajs.requestTimeout`. */
export type Nested<Options, Name extends string> = {
  readonly [Key in keyof Options & string as `${Name}.${Key}`]?: Options[Key];
};

/**
 * Reads options that are within an option, so that a wrong one is named as one writes it in docs and looks for in code.
 *
 * @param parent of the option `name` itself.
 * @throws RpcException 400 when it is no object, or has a name that is not among `known`.
 */
export function readNested<Options extends object, Name extends string>(
  parent: OptionReader<Record<Name, unknown>>,
  what: string,
  name: Name,
  options: Options | undefined,
  known: readonly (keyof Options & string)[],
): OptionReader<Nested<Options, Name>> {
  if (options !== undefined && !isObject(options)) throw parent.error(name, 'must be an object');
  const named = Object.fromEntries(Object.entries(options ?? {}).map(([key, value]) => [`${name}.${key}`, value]));
  const names = known.map((key) => `${name}.${key}`);
  return new OptionReader(what, named, names);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
