import { expect, it } from 'vitest';
import { type Waiting, WaitingLine } from './waiting-line.ts';

interface One extends Waiting {
  readonly name: string;
}

function one(name: string, lane?: string): One {
  return { name, lane, arrival: 0 };
}

/** A door that has room for so many, and lets in more when told. */
class Door {
  free: number;
  #waiters: (() => void)[] = [];

  constructor(free: number) {
    this.free = free;
  }

  room(): number {
    return this.free;
  }

  whenRoom(): Promise<void> {
    return this.free > 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  async open(more: number): Promise<void> {
    this.free += more;
    for (const resolve of this.#waiters.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('hands over in the order of arrival, as many as there is room for', async () => {
  const door = new Door(1);
  const handed: string[] = [];
  const line = new WaitingLine<One>(door, ({ name }) => {
    door.free -= 1;
    handed.push(name);
  });
  for (const name of ['a', 'b', 'c', 'd']) line.add(one(name));
  expect(handed).toEqual(['a']);
  await door.open(2);
  expect(handed).toEqual(['a', 'b', 'c']);
  line.add(one('e'));
  await door.open(5);
  expect(handed).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('keeps those of a lane one after the other, and lets others pass', async () => {
  const door = new Door(10);
  const handed: string[] = [];
  const line = new WaitingLine<One>(door, ({ name }) => handed.push(name));
  line.add(one('a1', 'a'));
  line.add(one('a2', 'a'));
  line.add(one('b1', 'b'));
  expect(handed).toEqual(['a1', 'b1']);
  line.next('a');
  expect(handed).toEqual(['a1', 'b1', 'a2']);
  line.next('a');
  line.add(one('a3', 'a'));
  expect(handed.at(-1)).toBe('a3');
});

it('gives room to whoever came first, also when its lane has kept it', async () => {
  const door = new Door(1);
  const handed: string[] = [];
  const line = new WaitingLine<One>(door, ({ name }) => {
    door.free -= 1;
    handed.push(name);
  });
  line.add(one('a1', 'a'));
  line.add(one('a2', 'a'));
  for (const name of ['b', 'c', 'd']) line.add(one(name));
  await door.open(1);
  line.next('a');
  await door.open(2);
  expect(handed).toEqual(['a1', 'b', 'a2', 'c']);
});

it('hands over nothing more of what waited when it is cleared, also by what it has just handed over', async () => {
  const door = new Door(0);
  const handed: string[] = [];
  const line = new WaitingLine<One>(door, ({ name }) => {
    handed.push(name);
    if (name === 'b') line.clear();
  });
  for (const name of ['a', 'b', 'c', 'd']) line.add(one(name, name));
  await door.open(10);
  expect(handed).toEqual(['a', 'b']);
  line.add(one('c', 'c'));
  expect(handed).toEqual(['a', 'b', 'c']);
});

it('keeps a lane taken, over a clearing, until its one has left', () => {
  const handed: string[] = [];
  const line = new WaitingLine<One>(new Door(10), ({ name }) => handed.push(name));
  line.add(one('a1', 'a'));
  line.add(one('a2', 'a'));
  line.clear();
  line.add(one('a2', 'a'));
  expect(handed).toEqual(['a1']);
  line.next('a');
  expect(handed).toEqual(['a1', 'a2']);
});

it('hands over any number that wait behind one of their lane, though each is through at once', () => {
  const handed: number[] = [];
  const line = new WaitingLine<One>(new Door(1), ({ name, lane }) => {
    handed.push(Number(name));
    if (handed.length > 1) line.next(lane);
  });
  const all = Array.from({ length: 20_000 }, (_, index) => index);
  for (const index of all) line.add(one(String(index), 'a'));
  expect(handed).toEqual([0]);
  line.next('a');
  expect(handed).toEqual(all);
});

it('does not let what is through at once overtake those who came before', async () => {
  const door = new Door(0);
  const handed: string[] = [];
  const line = new WaitingLine<One>(door, ({ name, lane }) => {
    handed.push(name);
    line.next(lane);
  });
  for (const [name, lane] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
    ['a3', 'a'],
    ['c1', 'c'],
  ] as const)
    line.add(one(name, lane));
  await door.open(1);
  expect(handed).toEqual(['a1', 'a2', 'b1', 'a3', 'c1']);
});

it('goes on when handing one over fails', () => {
  const handed: string[] = [];
  const line = new WaitingLine<One>(new Door(1), ({ name }) => {
    handed.push(name);
    if (name === 'bad') throw new Error('bad');
  });
  expect(() => line.add(one('bad'))).toThrow('bad');
  line.add(one('good'));
  expect(handed).toEqual(['bad', 'good']);
});
