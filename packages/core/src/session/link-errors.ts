import { messageOf, RpcCode, RpcException } from '../errors/index.ts';

/** 502: what was sent has an unknown outcome. */
export function connectionLost(what: string, reason: unknown): RpcException {
  return new RpcException(`The connection was lost before ${what} was answered: ${reasonText(reason)}`, {
    code: RpcCode.ConnectionLost,
    cause: reason,
  });
}

/** 502: a stream whose service has given no sign of life for too long. */
export function silentService(pattern: string, milliseconds: number): RpcException {
  const what = `The service that answers "${pattern}" has given no sign of life for ${milliseconds} ms`;
  return new RpcException(`${what}: it has died, hangs, or is cut off`, { code: RpcCode.ConnectionLost });
}

/** 503: the link could not send it, so nobody has handled it. What the transport says as an exception is kept. */
export function unsent(pattern: string, reason: unknown): RpcException {
  if (reason instanceof RpcException) return reason;
  return new RpcException(`"${pattern}" was not sent: ${reasonText(reason)}`, {
    code: RpcCode.Unavailable,
    cause: reason,
  });
}

export function reasonText(reason: unknown): string {
  return reason === undefined ? 'no reason was given' : messageOf(reason);
}

/** For the log, when an outage is over: `connected again, after 12.3 s`. */
export function connectedAgain(since: Date): string {
  return `connected again, after ${((Date.now() - since.getTime()) / 1000).toFixed(1)} s`;
}
