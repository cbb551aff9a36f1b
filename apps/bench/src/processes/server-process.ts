import { cases } from '../cases/index.ts';
import { loadContestant } from '../contestants/index.ts';
import { Service } from '../contestants/service.ts';
import type { Assignment } from './child.ts';
import { answerParent } from './messages.ts';
import { serviceQuestions } from './server-control.ts';

const assignment = JSON.parse(process.argv[2] ?? '') as Assignment;
const service = new Service();
const contestant = await loadContestant(assignment.contestant);
const { broker, run } = assignment;
const served = contestant.serve(service, { handlers: cases[assignment.case]?.handlers ?? 0, broker, run });
// Also told to who asks; until then it must not count as unhandled.
served.catch(() => undefined);

answerParent({
  ...serviceQuestions(service),
  address: async () => (await served).address,
  close: async () => (await served).close(),
});
