import { RpcException } from '../errors/index.ts';
import { type Schema, validate } from '../patterns/index.ts';

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
        throw RpcException.from(thrown);
      }
    },
    async return() {
      return (await replies.return?.()) ?? { done: true, value: undefined };
    },
  };
}
