import type { Outcome, PreparedCase } from '../cases/case.ts';
import { cpuOf, type Disturbance, disturbance, machineTime } from '../measure/machine.ts';
import { usage } from '../measure/usage.ts';
import type { ServerControl } from './server-control.ts';

/** A round with what it took. */
export interface Round extends Outcome {
  /** Microseconds of CPU for each operation; the broker's in steps of 10 ms for the whole round. */
  readonly cpu: Sides & { readonly broker: number };
  /** Bytes that each process has at the end of the round. */
  readonly rss: Sides;
  readonly disturbance: Disturbance;
}

export interface Sides {
  readonly client: number;
  readonly server: number;
}

/** @param brokerPid the process of the broker, whose work is part of the round's. */
export async function measureRound(
  prepared: PreparedCase,
  seconds: number,
  control: ServerControl,
  brokerPid?: number,
): Promise<Round> {
  const serverBefore = await control.usage();
  const brokerBefore = cpuOf(brokerPid);
  const machineBefore = machineTime();
  const clientBefore = usage();
  const outcome = await prepared.round(seconds);
  const clientAfter = usage();
  const machineAfter = machineTime();
  const brokerAfter = cpuOf(brokerPid);
  const serverAfter = await control.usage();
  const client = clientAfter.cpu - clientBefore.cpu;
  const server = serverAfter.cpu - serverBefore.cpu;
  const broker = brokerAfter - brokerBefore;
  const { operations } = outcome;
  return {
    ...outcome,
    cpu: { client: client / operations, server: server / operations, broker: broker / operations },
    rss: { client: clientAfter.rss, server: serverAfter.rss },
    disturbance: disturbance(machineBefore, machineAfter, client + server + broker),
  };
}
