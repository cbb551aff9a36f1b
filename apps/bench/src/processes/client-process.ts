import type { PreparedCase, Stage } from '../cases/case.ts';
import { cases } from '../cases/index.ts';
import { loadContestant } from '../contestants/index.ts';
import { type Assignment, type Child, startChild } from './child.ts';
import { measureRound } from './measure-round.ts';
import { answerParent } from './messages.ts';
import { remoteControl } from './server-control.ts';

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const server = startChild('server', assignment);
const prepared = prepare(server);
// Also told to who asks; until then it must not count as unhandled.
prepared.catch(() => undefined);

answerParent({
  ready: async () => void (await prepared),
  round: async (seconds: number) =>
    measureRound(await prepared, seconds, remoteControl(server.asker), assignment.brokerPid),
  close: async () => {
    await (await prepared).close();
    await server.stop();
  },
});

async function prepare({ asker }: Child): Promise<PreparedCase> {
  const { broker, run } = assignment;
  const benchCase = cases[assignment.case];
  if (benchCase === undefined) throw new Error(`there is no case "${assignment.case}"`);
  const contestant = await loadContestant(assignment.contestant);
  const address = await asker.ask<string>('address');
  const setup = { address, broker, run, handlers: benchCase.handlers ?? 0 };
  const stage: Stage = { connect: () => contestant.connect(setup), server: remoteControl(asker) };
  return benchCase.prepare(stage);
}
