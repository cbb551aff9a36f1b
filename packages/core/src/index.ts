/** The door for authors of applications. */

export { InjectionToken, inject, injectable } from '@needle-di/core';
export {
  type ClientCall,
  type ClientInterceptor,
  type ClientOptions,
  ClientProxy,
  type ClientState,
  type ClientStatus,
  createClient,
} from './client/index.ts';
export {
  type Caller,
  type CallOptions,
  type CallRetry,
  currentContext,
  type EmitOptions,
  MessageContext,
  type StreamOptions,
} from './context/index.ts';
export {
  type ContextType,
  Controller,
  type ControllerDecorator,
  Ctx,
  EventPattern,
  type HandlerDecorator,
  type HandlerParameterDecorator,
  MessagePattern,
  Payload,
} from './decorators/index.ts';
export type { Logger, ServerCall, ServerInterceptor } from './dispatch/index.ts';
export { type Body, type Codec, type Headers, jsonCodec } from './envelope/index.ts';
export {
  codeName,
  RpcCode,
  RpcException,
  type RpcExceptionOptions,
  TimeoutError,
  ValidationError,
  type ValidationIssue,
  type WireError,
} from './errors/index.ts';
export {
  createMicroservices,
  type EntryHealth,
  type Host,
  type HostHealth,
  type HostOptions,
  type HostProvider,
  type MicroserviceEntry,
  type MicroservicesProvider,
  type NamedTransport,
  provideMicroservices,
} from './host/index.ts';
export {
  type EventContract,
  type EventContractOptions,
  event,
  type MessageContract,
  type MessageContractOptions,
  message,
  type Pattern,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
  type Schema,
} from './patterns/index.ts';
export type { EventHandlerOptions, HandlerReply, HandlerResult, MessageHandlerOptions } from './registry/index.ts';
export {
  type Backoff,
  type BackoffOptions,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterSelection,
  type EndpointOptions,
  type RetryOptions,
  type RetryPolicy,
  type Transport,
  type TransportContexts,
  type TransportFactory,
  type TransportOptions,
  Transports,
} from './seam/index.ts';
