import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { consoleLogger, type Logger, WarningLog } from './logger.ts';

function recorder(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {
    lines,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('warnings', () => {
  it('of one text come once in 10 s, and then say how often it was', () => {
    const { lines, logger } = recorder();
    const log = new WarningLog(logger, 'server');
    for (let count = 0; count < 1000; count += 1) log.warn('bad frame');
    vi.advanceTimersByTime(9999);
    log.warn('bad frame');
    vi.advanceTimersByTime(1);
    log.warn('bad frame');
    vi.advanceTimersByTime(10_000);
    log.warn('bad frame');
    expect(lines).toEqual([
      'warn server: bad frame',
      'warn server: bad frame (1000 times more)',
      'warn server: bad frame',
      'warn server: bad frame',
    ]);
  });

  it('of other texts are not held back', () => {
    const { lines, logger } = recorder();
    const log = new WarningLog(logger, 'server');
    log.warn('one');
    log.warn('two');
    expect(lines).toHaveLength(2);
  });

  it('are no more than 100 in 10 s, however many texts there are', () => {
    const { lines, logger } = recorder();
    const log = new WarningLog(logger, 'server');
    for (let text = 0; text < 5000; text += 1) log.warn(`text ${text}`);
    expect(lines).toHaveLength(100);
    vi.advanceTimersByTime(10_000);
    log.warn('text 7');
    expect(lines.slice(100)).toEqual(['warn server: 4900 more warnings were not logged', 'warn server: text 7']);
  });
});

it('errors are never held back', () => {
  const { lines, logger } = recorder();
  const log = new WarningLog(logger, 'server');
  for (let count = 0; count < 3; count += 1) log.error('failed', new Error('x'));
  expect(lines).toEqual(Array.from({ length: 3 }, () => 'error server: failed'));
});

it('details are handed on as they are', () => {
  const warn = vi.fn<Logger['warn']>();
  const detail = new Error('x');
  new WarningLog({ ...recorder().logger, warn }, 'server').warn('text', detail);
  expect(warn).toHaveBeenCalledExactlyOnceWith('server: text', detail);
});

it('a logger that throws harms nobody', () => {
  const broken = () => {
    throw new Error('disk full');
  };
  const log = new WarningLog({ debug: broken, info: broken, warn: broken, error: broken }, 'server');
  for (const write of [() => log.warn('x'), () => log.error('x', 1)]) expect(write).not.toThrow();
});

it('a logger whose methods need `this` has it', () => {
  class Counting implements Logger {
    #count = 0;
    get count(): number {
      return this.#count;
    }
    debug(): void {}
    info(): void {}
    warn(): void {
      this.#count += 1;
    }
    error(): void {}
  }
  const logger = new Counting();
  new WarningLog(logger, 'server').warn('x');
  expect(logger.count).toBe(1);
});

describe('the console logger', () => {
  it('writes warnings and errors, and nothing else', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const error = vi.spyOn(console, 'error').mockReturnValue();
    consoleLogger.debug('d');
    consoleLogger.info('i');
    consoleLogger.warn('w');
    consoleLogger.error('e', 'detail');
    expect(warn.mock.calls).toEqual([['[parley] w']]);
    expect(error.mock.calls).toEqual([['[parley] e', 'detail']]);
  });
});
