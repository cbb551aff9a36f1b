import { type EventContract, event, type MessageContract, message, type Schema } from '@parley/core';
import { z } from 'zod';
import type { Message } from '../service.ts';

const Checked = z.object({ n: z.number(), t: z.string() });

export function contractOf(pattern: string): MessageContract<typeof Checked, typeof Checked> {
  return message(pattern, { request: Checked, reply: Checked });
}

export const Tick: EventContract<typeof Checked> = event('tick', { payload: Checked });

/** Microseconds that the schema library takes by itself to check one message: each side checks one for each call. */
export function schemaTime(): number {
  const rounds = 200_000;
  const validate = (Checked satisfies Schema)['~standard'].validate;
  const start = performance.now();
  let good = 0;
  for (let n = 0; n < rounds; n += 1) {
    const result = validate({ n, t: 'abc' } satisfies Message);
    if (!(result instanceof Promise) && result.issues === undefined) good += 1;
  }
  const elapsed = performance.now() - start;
  if (good !== rounds) throw new Error('the schema refused what is right');
  return (elapsed / rounds) * 1000;
}
