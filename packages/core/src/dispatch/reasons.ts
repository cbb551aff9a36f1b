import { RpcCode, RpcException } from '../errors/index.ts';

export function closedTooSoon(): RpcException {
  return new RpcException('The service closed before the handler had finished', { code: RpcCode.ConnectionLost });
}

export function callerLost(why: string): RpcException {
  return new RpcException(`The caller is lost: ${why}`, { code: RpcCode.ConnectionLost });
}

/** What must not be handled twice is not handled at all. @param what which message, for the log. */
export function unsettled(what: string): RpcException {
  return new RpcException(
    `${what} that must not be handled twice was left: the broker has not confirmed that nobody else gets it`,
    { code: RpcCode.Unavailable },
  );
}
