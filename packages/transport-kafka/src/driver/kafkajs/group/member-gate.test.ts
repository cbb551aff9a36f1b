import type { Broker, EachBatchPayload } from 'kafkajs';
import { expect, it } from 'vitest';
import type { GroupMemberHost } from './group-member.ts';
import { MemberGate } from './member-gate.ts';

const member = { memberId: 'm', generationId: 1 };
const broker = {} as Broker;

function hostNoting(told: string[]): GroupMemberHost {
  const note = (what: string) => () => void told.push(what);
  return {
    groupId: 'g',
    rememberedId: () => 'remembered',
    forgetId: note('forgetId'),
    joining: async () => void told.push('joining'),
    joined: async () => void told.push('joined'),
    confirmed: note('confirmed'),
    evicted: note('evicted'),
    batch: note('batch'),
    ready: note('ready'),
  };
}

async function tellAll(gate: MemberGate): Promise<PromiseSettledResult<void>[]> {
  gate.confirmed(1, 0);
  gate.evicted(1);
  gate.batch({} as EachBatchPayload);
  gate.ready();
  return Promise.allSettled([gate.joining(), gate.joined(member, broker, [], 0)]);
}

it('passes on what a member says until it is over, and then ends its joins', async () => {
  const told: string[] = [];
  const gate = new MemberGate(hostNoting(told));
  expect(gate.groupId).toBe('g');
  expect(gate.rememberedId()).toBe('remembered');
  await tellAll(gate);
  expect(told).toEqual(['confirmed', 'evicted', 'batch', 'ready', 'joining', 'joined']);
  gate.shut();
  const outcomes = await tellAll(gate);
  expect(told).toHaveLength(6);
  // kafkajs would try again what is not told to be for good.
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'KafkaJSNonRetriableError' } });
});

it('ends a join that is under way when the member is over', async () => {
  const revoked = Promise.withResolvers<void>();
  const gate = new MemberGate({ ...hostNoting([]), joining: () => revoked.promise });
  const joining = gate.joining();
  gate.shut();
  revoked.resolve();
  await expect(joining).rejects.toThrow('is over');
});
