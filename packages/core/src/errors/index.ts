export { codeName, isRpcCode, RpcCode } from './codes.ts';
export { messageOf } from './message-of.ts';
export { isPlainObject } from './plain-object.ts';
export { rethrow } from './rethrow.ts';
export {
  RpcException,
  type RpcExceptionOptions,
  TimeoutError,
  ValidationError,
  type ValidationIssue,
} from './rpc-exception.ts';
export { errorFromWire, errorToWire, type WireError } from './wire-error.ts';
