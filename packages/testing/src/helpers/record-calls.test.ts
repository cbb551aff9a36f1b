import type { MessageContext } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { recordCalls, waitForCall } from './record-calls.ts';

const context = { pattern: 'x' } as MessageContext;

describe('recordCalls', () => {
  it('keeps calls in their order and does what the handler does', () => {
    const double = recordCalls((data: number) => data * 2);
    expect([double(1, context), double(2, context)]).toEqual([2, 4]);
    expect(double.calls).toEqual([
      { data: 1, context },
      { data: 2, context },
    ]);
  });

  it('keeps a call that throws, too', () => {
    const failing = recordCalls(() => {
      throw new Error('no');
    });
    expect(() => failing('x', context)).toThrow('no');
    expect(failing.calls).toHaveLength(1);
  });
});

describe('waitForCall', () => {
  it('gives a call that has been there already', async () => {
    const handler = recordCalls();
    handler('a', context);
    expect(await waitForCall(handler)).toEqual({ data: 'a', context });
  });

  it('waits for equal data, or for what the function says', async () => {
    const handler = recordCalls();
    const equal = waitForCall(handler, { id: [1] });
    const asked = waitForCall(handler, (call) => call.data === 'b');
    handler('a', context);
    handler({ id: [1] }, context);
    handler('b', context);
    expect((await equal).data).toEqual({ id: [1] });
    expect((await asked).data).toBe('b');
  });

  it('tells what came instead when its time is over', async () => {
    const handler = recordCalls();
    handler({ id: 2n }, context);
    await expect(waitForCall(handler, { id: 1 }, { timeout: 10 })).rejects.toThrow(
      'No such call came within 10 ms; there were 1, the last [ { id: 2n } ]',
    );
  });

  it('rejects with what the matcher throws, and lets the handler be', async () => {
    const handler = recordCalls(() => 'fine');
    const waiting = waitForCall(handler, () => {
      throw new Error('bad matcher');
    });
    const outcome = waiting.catch((thrown: unknown) => thrown);
    expect(handler('a', context)).toBe('fine');
    expect(await outcome).toEqual(new Error('bad matcher'));
  });
});
