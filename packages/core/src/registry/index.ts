export { createRecord, type HandlerDeclaration } from './create-record.ts';
export type { AnyHandler, HandlerFunction, HandlerRecord } from './handler-record.ts';
export { HandlerRegistry } from './handler-registry.ts';
export { HandlerTable } from './handler-table.ts';
export type {
  ContextOf,
  EventHandlerOptions,
  HandlerData,
  HandlerReply,
  HandlerResult,
  MessageHandlerOptions,
} from './handler-types.ts';
