import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallTable } from './call-table.ts';
import { CallWatch, type WatchedCall } from './call-watch.ts';

const leaseInterval = 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Call extends WatchedCall {
  deadline: number;
}

/** Calls that end when they expire or fall silent, as both sides' do. */
class Owner {
  readonly calls = new CallTable<Call>();
  readonly told: string[] = [];
  readonly watch = new CallWatch<Call>(this.calls, leaseInterval, {
    expired: (call) => this.end('expired', call),
    renew: (call) => this.told.push(`renew ${call.id}`),
    silent: (call, silence) => this.end(`silent for ${silence}`, call),
  });

  begin(id: number, milliseconds = Number.POSITIVE_INFINITY): Call {
    const call: Call = { id, deadline: performance.now() + milliseconds, heardAt: undefined };
    this.calls.add(call);
    this.watch.deadline(call.deadline);
    return call;
  }

  end(why: string, call: Call): void {
    this.told.push(`${why} ${call.id}`);
    this.calls.delete(call);
  }

  toldUntil(milliseconds: number): string[] {
    vi.advanceTimersByTime(milliseconds);
    return this.told.splice(0);
  }
}

describe('deadlines', () => {
  it('end their calls and no others', () => {
    const owner = new Owner();
    owner.begin(1, 100);
    owner.begin(2, 200);
    owner.begin(3);
    expect(owner.toldUntil(150)).toEqual(['expired 1']);
    expect(owner.toldUntil(1000)).toEqual(['expired 2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be moved to later and to sooner', () => {
    const owner = new Owner();
    const later = owner.begin(1, 100);
    const sooner = owner.begin(2, 1000);
    later.deadline += 400;
    owner.watch.deadline(later.deadline);
    sooner.deadline -= 800;
    owner.watch.deadline(sooner.deadline);
    expect(owner.toldUntil(150)).toEqual([]);
    expect(owner.toldUntil(100)).toEqual(['expired 2']);
    expect(owner.toldUntil(300)).toEqual(['expired 1']);
  });

  it('of calls that ended before tell nothing', () => {
    const owner = new Owner();
    owner.calls.delete(owner.begin(1, 100));
    expect(owner.toldUntil(200)).toEqual([]);
  });
});

describe('leases', () => {
  it('are renewed while the other side is heard of', () => {
    const owner = new Owner();
    const call = owner.begin(1);
    owner.watch.lease(call);
    for (let round = 0; round < 10; round += 1) {
      owner.watch.heard(call);
      expect(owner.toldUntil(leaseInterval)).toEqual(['renew 1']);
    }
  });

  it('end after three signs of life were missed', () => {
    const owner = new Owner();
    owner.watch.lease(owner.begin(1));
    expect(owner.toldUntil(leaseInterval * 3 - 1)).toEqual(['renew 1', 'renew 1']);
    expect(owner.toldUntil(1)).toEqual(['silent for 3000 1']);
    expect(owner.toldUntil(leaseInterval)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end when they are over, not with the next sign of life of one’s own', () => {
    const owner = new Owner();
    const call = owner.begin(1);
    owner.watch.lease(call);
    owner.toldUntil(leaseInterval * 0.4);
    owner.watch.heard(call);
    expect(owner.toldUntil(leaseInterval * 3 - 1)).toEqual(['renew 1', 'renew 1', 'renew 1']);
    expect(owner.toldUntil(1)).toEqual(['silent for 3000 1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not begun anew by being said twice', () => {
    const owner = new Owner();
    const call = owner.begin(1);
    owner.watch.lease(call);
    vi.advanceTimersByTime(leaseInterval * 2);
    owner.watch.lease(call);
    owner.told.length = 0;
    expect(owner.toldUntil(leaseInterval)).toEqual(['silent for 3000 1']);
  });

  it('of a stream that began later are renewed in time, too', () => {
    const owner = new Owner();
    owner.watch.lease(owner.begin(1));
    vi.advanceTimersByTime(leaseInterval * 0.9);
    owner.watch.lease(owner.begin(2));
    const told = owner.toldUntil(leaseInterval);
    expect(told).toContain('renew 1');
    expect(told).toContain('renew 2');
  });

  it('do not exist for calls that are no streams', () => {
    const owner = new Owner();
    const call = owner.begin(1);
    owner.watch.heard(call);
    expect(call.heardAt).toBeUndefined();
    expect(owner.toldUntil(leaseInterval * 10)).toEqual([]);
  });
});

it('clear leaves no timer', () => {
  const owner = new Owner();
  owner.watch.lease(owner.begin(1, 100));
  owner.watch.clear();
  expect(vi.getTimerCount()).toBe(0);
  expect(owner.toldUntil(10_000)).toEqual([]);
});
