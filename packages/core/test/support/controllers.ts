import { expect } from 'vitest';
import { type HandledMessage, MessageContext } from '../../src/context/index.ts';
import { controllerRecords } from '../../src/decorators/index.ts';
import type { HandlerRecord } from '../../src/registry/index.ts';

/** A transport's context class, as its decorators know it. */
export class FakeContext extends MessageContext {
  static readonly transport = 'fake';
}

export const context = new MessageContext({ pattern: 'a' } as HandledMessage);

/** The handlers of a controller, each by its kind and key. */
export function recordsOf(controller: new () => object): Map<string, HandlerRecord> {
  const records = controllerRecords(new controller());
  const byKey = new Map(records.map((record) => [`${record.kind} ${record.key}`, record]));
  expect(byKey.size).toBe(records.length);
  return byKey;
}

/** What a handler of a controller gives for a payload. */
export function handle(controller: new () => object, key: string, data?: unknown): unknown {
  const record = recordsOf(controller).get(key);
  if (record === undefined) throw new Error(`There is no handler "${key}"`);
  return record.handle(data, context);
}
