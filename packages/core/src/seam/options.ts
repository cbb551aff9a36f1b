import { RpcCode, RpcException } from '../errors/index.ts';

/**
 * Reads the options of one thing (`tcp`, `createMicroservices`), so that every wrong one is refused by name.
 *
 * ```ts
 * const read = new OptionReader('tcp', options, ['host', 'port']);
 * const port = read.integer('port', { default: 8888, min: 0, max: 65_535 });
 * ```
 */
export class OptionReader<Options extends object> {
  readonly #what: string;
  readonly #options: Readonly<Partial<Record<string, unknown>>>;

  /** @throws RpcException 400 when `options` is no object or has a name that is not among `known`. */
  constructor(what: string, options: Options | undefined, known: readonly (keyof Options & string)[]) {
    checkIsObject(what, options);
    this.#what = what;
    this.#options = options ?? {};
    for (const name of Object.keys(this.#options)) {
      if (!known.includes(name as keyof Options & string)) {
        throw new RpcException(`${what}: there is no option "${name}"; the options are ${known.join(', ')}`, {
          code: RpcCode.BadRequest,
        });
      }
    }
  }

  integer(name: keyof Options & string, rule: { default: number; min?: number; max?: number }): number {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = rule;
    const value = this.#options[name] ?? rule.default;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw this.error(name, `must be a whole number ${range}`);
  }

  /** A duration. The largest is what setTimeout can wait: 2^31-1 ms, about 24.8 days. */
  milliseconds(name: keyof Options & string, rule: { default: number; min?: number }): number {
    const { min = 0 } = rule;
    const value = this.#options[name] ?? rule.default;
    if (typeof value === 'number' && value >= min && value <= maxTimerDelay) return value;
    throw this.error(name, `must be milliseconds from ${min} to ${maxTimerDelay}`);
  }

  boolean(name: keyof Options & string, rule: { default: boolean }): boolean {
    const value = this.#options[name] ?? rule.default;
    if (typeof value === 'boolean') return value;
    throw this.error(name, 'must be true or false');
  }

  string(name: keyof Options & string): string | undefined {
    const value = this.#options[name];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw this.error(name, 'must be a non-empty string');
  }

  oneOf<Choice extends string>(name: keyof Options & string, choices: readonly [Choice, ...Choice[]]): Choice {
    const value = this.#options[name] ?? choices[0];
    if ((choices as readonly unknown[]).includes(value)) return value as Choice;
    throw this.error(name, `must be one of ${choices.map((choice) => `"${choice}"`).join(', ')}`);
  }

  /** The refusal of an option, for rules of one's own. */
  error(name: keyof Options & string, rule: string): RpcException {
    const value = this.#options[name];
    const got = secret.test(name) ? shownWithout(value) : show(value);
    return new RpcException(`${this.#what}: the option "${name}" ${rule}, got ${got}`, {
      code: RpcCode.BadRequest,
    });
  }
}

/** Names of options whose values have no place in a log: a URL may have a password in it. */
const secret = /password|secret|token|passphrase|url$/i;

/** A number may be a secret, too: a password that YAML has taken for one. */
function shownWithout(value: unknown): string {
  if (typeof value === 'string') return 'a text that is not shown';
  return typeof value === 'number' ? 'a number that is not shown' : show(value);
}

/** The longest delay that setTimeout keeps; a longer one fires at once. */
export const maxTimerDelay = 2 ** 31 - 1;

/** @throws RpcException 400 when options are given that are no object. */
export function checkIsObject(what: string, options: unknown): void {
  if (options === undefined || (typeof options === 'object' && options !== null && !Array.isArray(options))) return;
  throw new RpcException(`${what}: the options must be an object, got ${show(options)}`, { code: RpcCode.BadRequest });
}

export function isFunctions(list: unknown): boolean {
  return Array.isArray(list) && list.every((item) => typeof item === 'function');
}

/** A wrong value, for the error that refuses it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
