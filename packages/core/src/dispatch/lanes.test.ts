import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

/** Tasks that end when they are told to. */
class Tasks {
  readonly lanes = new Lanes();
  readonly log: string[] = [];
  readonly #ends = new Map<string, () => void>();

  start(lane: string | undefined, name: string): void {
    this.lanes.run(lane, async () => {
      this.log.push(`${name} begins`);
      await new Promise<void>((resolve) => this.#ends.set(name, resolve));
      this.log.push(`${name} ends`);
    });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await tick();
  }
}

describe('lanes', () => {
  it('run tasks of one lane one after the other, in the order they came', async () => {
    const tasks = new Tasks();
    for (const name of ['a', 'b', 'c']) tasks.start('lane', name);
    for (const name of ['a', 'b', 'c']) await tasks.end(name);
    expect(tasks.log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('run tasks of different lanes, and those without one, side by side', () => {
    const tasks = new Tasks();
    tasks.start('one', 'a');
    tasks.start('two', 'b');
    tasks.start(undefined, 'c');
    tasks.start(undefined, 'd');
    tasks.start('', 'e');
    expect(tasks.log).toEqual(['a begins', 'b begins', 'c begins', 'd begins', 'e begins']);
  });

  it('the first task of a lane begins at once', () => {
    const tasks = new Tasks();
    tasks.start('lane', 'a');
    expect(tasks.log).toEqual(['a begins']);
  });

  it('a lane that has emptied begins at once again', async () => {
    const tasks = new Tasks();
    tasks.start('lane', 'a');
    await tasks.end('a');
    tasks.start('lane', 'b');
    expect(tasks.log.at(-1)).toBe('b begins');
  });

  it('a task may queue another in its own lane', async () => {
    const lanes = new Lanes();
    const log: number[] = [];
    lanes.run('lane', async () => {
      lanes.run('lane', async () => void log.push(2));
      log.push(1);
    });
    await tick();
    expect(log).toEqual([1, 2]);
  });

  it('keep order through thousands of tasks', async () => {
    const lanes = new Lanes();
    const log: number[] = [];
    for (let number = 0; number < 5000; number += 1) {
      lanes.run(`lane ${number % 3}`, async () => {
        if (number % 7 === 0) await tick();
        log.push(number);
      });
    }
    while (log.length < 5000) await tick();
    for (let lane = 0; lane < 3; lane += 1) {
      const numbers = log.filter((number) => number % 3 === lane);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  it('a lane whose tasks are through at once holds nobody up, and keeps their order', async () => {
    const lanes = new Lanes();
    const log: string[] = [];
    const say = (line: string) => () => {
      log.push(line);
      return undefined;
    };
    lanes.run('lane', () => {
      log.push('a begins');
      lanes.run('lane', say('b'));
      lanes.run('other', () => {
        lanes.run('lane', say('c'));
        return undefined;
      });
      log.push('a ends');
      return undefined;
    });
    lanes.run('lane', say('d'));
    await tick();
    lanes.run('lane', say('e'));
    expect(log).toEqual(['a begins', 'a ends', 'b', 'c', 'd', 'e']);
  });
});
