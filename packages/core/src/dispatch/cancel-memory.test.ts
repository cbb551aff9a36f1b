import { describe, expect, it } from 'vitest';
import { CancelMemory } from './cancel-memory.ts';

const minute = 60_000;

describe('cancels that came before their requests', () => {
  it('are remembered once', () => {
    const memory = new CancelMemory();
    memory.remember('a', 0);
    expect(memory.take('b', 1)).toBe(false);
    expect(memory.take('a', 1)).toBe(true);
    expect(memory.take('a', 1)).toBe(false);
    expect(memory.size).toBe(0);
  });

  it('are told apart by type: 1 is not "1"', () => {
    const memory = new CancelMemory();
    memory.remember(1, 0);
    expect(memory.take('1', 0)).toBe(false);
    expect(memory.take(1, 0)).toBe(true);
  });

  it('are forgotten after a minute', () => {
    const memory = new CancelMemory();
    memory.remember('a', 0);
    memory.remember('b', 0);
    expect(memory.take('a', minute - 1)).toBe(true);
    expect(memory.take('b', minute)).toBe(false);
  });

  it('that are said again are remembered from then on', () => {
    const memory = new CancelMemory();
    memory.remember('a', 0);
    memory.remember('a', minute / 2);
    expect(memory.size).toBe(1);
    expect(memory.take('a', minute + 1)).toBe(true);
  });

  it('make room for new ones when they are old', () => {
    const memory = new CancelMemory();
    for (let id = 0; id < 1000; id += 1) memory.remember(id, 0);
    memory.remember('late', minute * 2);
    expect(memory.size).toBe(1);
  });

  it('are 10 000 at most; the oldest make room', () => {
    const memory = new CancelMemory();
    for (let id = 0; id < 25_000; id += 1) memory.remember(id, id / 1000);
    expect(memory.size).toBe(10_000);
    expect(memory.take(14_999, 25)).toBe(false);
    expect(memory.take(15_000, 25)).toBe(true);
    expect(memory.take(24_999, 25)).toBe(true);
  });
});
