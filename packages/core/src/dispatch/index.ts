export { Abortable } from './abortable.ts';
export { attempt } from './attempt.ts';
export { Dispatcher } from './dispatcher.ts';
export type { ServerCall, ServerInterceptor } from './interceptor.ts';
export { consoleLogger, isLogger, type Logger, loggerRule, WarningLog } from './logger.ts';
export { observe } from './observe.ts';
export { pause } from './pause.ts';
export { Responder } from './responder.ts';
export { within } from './within.ts';
