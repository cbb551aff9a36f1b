import type { Broker, Cluster } from 'kafkajs';
import { kindOf } from '../errors.ts';

/** kafkajs's `COORDINATOR_TYPES.GROUP`. */
const coordinatorType = 0;

/** What kafkajs's brokers have beyond their types. */
interface CoordinatorFinder {
  findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<unknown>;
}

/** kafkajs says that there is no coordinator, whatever kept it from finding one, such as missing rights: this says what. */
export async function findCoordinator(cluster: Cluster, find: () => Promise<Broker>, groupId: string): Promise<Broker> {
  try {
    return await find();
  } catch (error) {
    if (kindOf(error) !== 'KafkaJSGroupCoordinatorNotFound') throw error;
    const broker = (await cluster.findControllerBroker()) as Broker & CoordinatorFinder;
    await broker.findGroupCoordinator({ groupId, coordinatorType });
    throw error;
  }
}
