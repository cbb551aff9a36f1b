/**
 * Calls `action` with `argument`; what it gives, and what it throws, comes by a promise. As an `async` function, with a promise
 * and three turns of the microtask queue less where it gives one.
 */
export function attempt<Argument>(action: (argument: Argument) => unknown, argument: Argument): Promise<unknown> {
  try {
    const result = action(argument);
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}
