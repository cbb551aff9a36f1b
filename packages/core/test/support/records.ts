import { createRecord, type HandlerDeclaration, type HandlerRecord } from '../../src/registry/index.ts';

/** A handler as the decorators and the host would make it. */
export function recordOf(
  kind: HandlerDeclaration['kind'],
  target: HandlerDeclaration['target'],
  handle: HandlerDeclaration['handle'] = () => undefined,
  options: HandlerDeclaration['options'] = {},
): HandlerRecord {
  return createRecord({ kind, target, options, name: handle.name, handle });
}
