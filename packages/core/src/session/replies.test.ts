import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { validatedStream } from './replies.ts';

const schema = z.object({ id: z.coerce.number() });

describe('a stream of replies', () => {
  function streamOf(values: unknown[]) {
    const left = vi.fn<() => void>();
    async function* replies(): AsyncGenerator<unknown, undefined> {
      try {
        yield* values;
      } finally {
        left();
      }
      return undefined;
    }
    return { replies: replies(), left };
  }

  it('without a schema is left as it is', () => {
    const { replies } = streamOf([]);
    expect(validatedStream(undefined, replies)).toBe(replies);
  });

  it('is checked reply by reply; the first that does not satisfy the schema ends it and leaves the source', async () => {
    const { replies, left } = streamOf([{ id: '1' }, {}, { id: '3' }]);
    const stream = validatedStream(schema, replies);
    expect(await stream.next()).toEqual({ done: false, value: { id: 1 } });
    await expect(stream.next()).rejects.toMatchObject({ code: 422 });
    expect(left).toHaveBeenCalledOnce();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('can be left', async () => {
    const { replies, left } = streamOf([{ id: 1 }, { id: 2 }]);
    const stream = validatedStream(schema, replies);
    await stream.next();
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(left).toHaveBeenCalledOnce();
  });

  it('can be left when its source cannot', async () => {
    const stream = validatedStream(schema, { next: () => Promise.resolve({ done: true, value: undefined }) });
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
  });
});
