import { RpcCode, RpcException } from '@parley/core/transport';
import type { Broker } from 'kafkajs';
import type { TopicPartitionOffset } from '../../driver.ts';
import { backoffDelay } from '../backoff.ts';
import { driverError, kindOf } from '../errors.ts';
import type { Generation } from './generation.ts';
import { commitAs } from './membership.ts';

const maxAttempts = 4;

/** What a commit needs of its consumer. */
export interface CommitHost {
  readonly groupId: string;
  isClosed(): boolean;
  /** Ends early when the consumer closes. */
  wait(milliseconds: number): Promise<void>;
  /** Where it is now; `undefined` when nobody knows. */
  findCoordinator(): Promise<Broker | undefined>;
}

/** Stores offsets in the name of `generation`, trying again a few times. Rejects with 503, also when that one is over. */
export async function commitOffsets(
  host: CommitHost,
  generation: Generation,
  offsets: readonly TopicPartitionOffset[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await commitAs(generation, host.groupId, generation.coordinator, offsets);
      return;
    } catch (error) {
      const kind = kindOf(error);
      if (kind === 'ILLEGAL_GENERATION' || kind === 'UNKNOWN_MEMBER_ID') {
        generation.evicted();
        throw outdated(host.groupId);
      }
      const hopeless = attempt >= maxAttempts || host.isClosed() || kind === 'REBALANCE_IN_PROGRESS';
      if (hopeless) throw driverError(`Cannot commit offsets of the group "${host.groupId}"`, error);
    }
    await host.wait(backoffDelay(attempt - 1));
    const coordinator = await host.findCoordinator().catch(() => undefined);
    if (coordinator !== undefined) generation.coordinator = coordinator;
  }
}

/** The generation that they were handed over in is over. */
export function outdated(groupId: string): RpcException {
  const message = `Cannot commit offsets of the group "${groupId}": it has shared its partitions out anew`;
  return new RpcException(message, { code: RpcCode.Unavailable });
}
