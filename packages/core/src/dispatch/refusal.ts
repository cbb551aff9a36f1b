import type { Request } from '../envelope/index.ts';
import { RpcCode, RpcException } from '../errors/index.ts';
import type { Delivery } from '../seam/index.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ServedHandler } from './interceptor.ts';

/**
 * What speaks against handling a request at all; none of it has run. What a broker keeps is refused only where nobody can
 * handle it: its transport asks for no more than there is room for.
 *
 * @param inFlight requests of the same link that are running.
 */
export function refusalOf(
  request: Request,
  record: ServedHandler | undefined,
  delivery: Delivery | undefined,
  { draining, workload, options }: Dispatcher,
  inFlight: number,
): RpcException | undefined {
  if (record === undefined) {
    return new RpcException(`There is no handler for the message "${request.pattern}"`, { code: RpcCode.NoHandler });
  }
  if (delivery !== undefined) return undefined;
  if (draining.aborted) return new RpcException('The service is going away', { code: RpcCode.Unavailable });
  if (workload.room === 0) return overloaded(`${options.concurrency} handlers are running`, 'concurrency');
  if (inFlight >= options.maxInFlight)
    return overloaded(`${inFlight} requests of this link are running`, 'maxInFlight');
  return undefined;
}

function overloaded(what: string, option: string): RpcException {
  return new RpcException(`Too much at once: ${what} (option "${option}")`, { code: RpcCode.Overloaded });
}
