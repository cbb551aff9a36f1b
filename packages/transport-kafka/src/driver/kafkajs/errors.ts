import { RpcCode, RpcException } from '@parley/core/transport';
import { type Whereabouts, whereaboutsOf } from './connection/whereabouts.ts';
import { causesOf, rootOf } from './error-kinds.ts';
import { explained } from './explain.ts';

export { kindOf, rootOf } from './error-kinds.ts';

/** `what` could not be done: `Cannot create the topic "a"`. */
export function driverError(what: string, error: unknown): RpcException {
  const clear = clearIn(error);
  if (clear !== undefined) return clear;
  const root = rootOf(error);
  const where = whereaboutsOf(root);
  const { code, text } = explained(root, where);
  const place = where === undefined ? '' : `Kafka at ${where.broker}: `;
  return new RpcException(`${what}: ${place}${text}`, { code, cause: error });
}

/** No connection came about. @param brokers as the user named them. */
export function connectError(error: unknown, brokers: readonly string[]): RpcException {
  const clear = clearIn(error);
  if (clear !== undefined) return clear;
  const root = rootOf(error);
  const where = whereaboutsOf(root);
  const { code, text } = explained(root, where);
  return new RpcException(`Cannot use Kafka at ${placeOf(brokers, where)}: ${text}`, { code, cause: error });
}

/** Trying again cannot help: not the broker's state is to blame. */
export function isFatal({ code }: RpcException): boolean {
  return (
    code === RpcCode.BadRequest ||
    code === RpcCode.Unauthenticated ||
    code === RpcCode.Forbidden ||
    code === RpcCode.Unsupported
  );
}

/** One of ours says all that there is to say; kafkajs may have wrapped it. */
function clearIn(error: unknown): RpcException | undefined {
  for (const one of causesOf(error)) if (one instanceof RpcException) return one;
  return undefined;
}

/** How many addresses a line bears. */
const maxShown = 6;

function placeOf(brokers: readonly string[], where: Whereabouts | undefined): string {
  const shown = brokers.slice(0, maxShown).join(', ');
  const all = brokers.length > maxShown ? `${shown} and ${brokers.length - maxShown} more` : shown;
  const { broker } = where ?? {};
  if (broker === undefined || (brokers.length === 1 && isSame(brokers[0], broker))) return all;
  return `${broker}, ${where?.isAdvertised === true ? 'found through' : 'the last tried of'} ${all}`;
}

/** kafkajs leaves the brackets of an IPv6 address away. */
function isSame(broker: string | undefined, found: string): boolean {
  return broker?.replace(/^\[(.*)\]:/, '$1:') === found;
}
