import { RpcException } from '../errors/index.ts';
import { type Schema, validate } from '../patterns/index.ts';

/**
 * A reply as its schema gives it.
 *
 * @throws ValidationError (by rejecting) when it does not satisfy the schema; RpcException 500 when the schema itself fails.
 */
export async function validated(schema: Schema | undefined, reply: unknown): Promise<unknown> {
  if (schema === undefined) return reply;
  try {
    return await validate(schema, reply, 'reply');
  } catch (thrown) {
    throw RpcException.from(thrown);
  }
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
        return { done: false, value: await validated(schema, result.value) };
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
