import { type Schema, validate } from '../patterns/index.ts';

/** A reply as its schema gives it. @throws ValidationError when it does not satisfy the schema. */
export function validated(schema: Schema | undefined, reply: unknown): unknown {
  return schema === undefined ? reply : validate(schema, reply, 'reply');
}

/** A stream whose every reply satisfies the schema; the first that does not ends it. */
export function validatedStream(
  schema: Schema | undefined,
  replies: AsyncIterator<unknown, undefined>,
): AsyncIterator<unknown, undefined> {
  if (schema === undefined) return replies;
  return {
    async next() {
      const result = await replies.next();
      if (result.done === true) return result;
      try {
        return { done: false, value: await validate(schema, result.value, 'reply') };
      } catch (thrown) {
        await replies.return?.();
        throw thrown;
      }
    },
    async return() {
      return (await replies.return?.()) ?? { done: true, value: undefined };
    },
  };
}
