export type {
  AnyCallOptions,
  AnyStreamOptions,
  CallOptions,
  CallRetry,
  EmitOptions,
  StreamOptions,
} from './call-options.ts';
export type { Caller, DataArguments, ReceivedReply, SentPayload, SentRequest, UntypedCaller } from './caller.ts';
export { currentContext, runInContext, runOutsideContext } from './context-storage.ts';
export { HandlerFrame, outsideOfHandlers } from './handler-frame.ts';
export { currentMessage, inheritHeaders } from './inherit.ts';
export { type HandledMessage, MessageContext } from './message-context.ts';
