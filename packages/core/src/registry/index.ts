export { createRecord, type HandlerDeclaration } from './create-record.ts';
export type { HandlerFunction, HandlerRecord } from './handler-record.ts';
export { HandlerRegistry } from './handler-registry.ts';
export { HandlerTable } from './handler-table.ts';
export type {
  ContextOf,
  EventHandlerOptions,
  Handler,
  HandlerData,
  HandlerReply,
  HandlerResult,
  MessageHandlerOptions,
} from './handler-types.ts';
