import { describe, expect, it } from 'vitest';
import { RpcException } from '../errors/index.ts';
import { maxTimerDelay, OptionReader } from './options.ts';

interface Options {
  readonly port?: number;
  readonly wait?: number;
  readonly secure?: boolean;
  readonly host?: string;
  readonly mode?: string;
}

const names = ['port', 'wait', 'secure', 'host', 'mode'] as const;

const reader = (options: unknown) => new OptionReader<Options>('tcp', options as Options, names);

describe('the options as a whole', () => {
  it('may be left out', () => {
    expect(reader(undefined).integer('port', { default: 1 })).toBe(1);
  });

  it.each([null, 5, 'x', [], () => 1, true])('must be an object: %s', (options) => {
    expect(() => reader(options)).toThrow(/^tcp: the options must be an object, got /);
  });

  it('may not have names that nobody knows; the error lists those that there are', () => {
    const refused = () => reader({ prot: 1 });
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow('tcp: there is no option "prot"; the options are port, wait, secure, host, mode');
  });

  it('are never changed', () => {
    const options = Object.freeze({ port: 1 });
    expect(reader(options).integer('port', { default: 2 })).toBe(1);
  });
});

describe('an option that is undefined or null', () => {
  it.each([undefined, null])('has its default: %s', (nothing) => {
    const read = reader({ port: nothing, wait: nothing, secure: nothing, mode: nothing });
    expect(read.integer('port', { default: 8888 })).toBe(8888);
    expect(read.milliseconds('wait', { default: 100 })).toBe(100);
    expect(read.boolean('secure', { default: true })).toBe(true);
    expect(read.oneOf('mode', ['a', 'b'])).toBe('a');
  });

  it('0, false and the other choice are no defaults', () => {
    const read = reader({ port: 0, wait: 0, secure: false, mode: 'b' });
    expect(read.integer('port', { default: 8888 })).toBe(0);
    expect(read.milliseconds('wait', { default: 100 })).toBe(0);
    expect(read.boolean('secure', { default: true })).toBe(false);
    expect(read.oneOf('mode', ['a', 'b'])).toBe('b');
  });
});

describe('a wrong option is refused by name', () => {
  const hostile = Object.create(null) as unknown;

  function expectRefused(value: unknown, get: (read: OptionReader<Options>) => unknown, rule: string): void {
    const read = reader({ port: value });
    const refused = () => get(read);
    expect(refused).toThrow(expect.objectContaining({ name: 'RpcException', code: 400 }) as Error);
    expect(refused).toThrow(`tcp: the option "port" ${rule}, got `);
  }

  it.each([-1, 1.5, 65_536, Number.NaN, Number.POSITIVE_INFINITY, '1', true, {}, 1n, hostile])(
    'no whole number in the range: %o',
    (value) => {
      const get = (read: OptionReader<Options>) => read.integer('port', { default: 1, min: 0, max: 65_535 });
      expectRefused(value, get, 'must be a whole number from 0 to 65535');
    },
  );

  it('a number that is too small, where there is no largest', () => {
    expectRefused(0, (read) => read.integer('port', { default: 1, min: 1 }), 'must be a whole number of at least 1');
  });

  it.each([-1, maxTimerDelay + 1, Number.NaN, '5', hostile])('no duration: %o', (value) => {
    const get = (read: OptionReader<Options>) => read.milliseconds('port', { default: 1 });
    expectRefused(value, get, 'must be milliseconds from 0 to 2147483647');
  });

  it.each([0, 'true', {}])('neither true nor false: %o', (value) => {
    expectRefused(value, (read) => read.boolean('port', { default: true }), 'must be true or false');
  });

  it.each(['', 5, null, {}])('no text: %o', (value) => {
    expectRefused(value, (read) => read.string('port'), 'must be a non-empty string');
  });

  it.each(['c', '', 0])('none of the choices: %o', (value) => {
    expectRefused(value, (read) => read.oneOf('port', ['a', 'b']), 'must be one of "a", "b"');
  });

  it('and so is one that a rule of one’s own refuses', () => {
    expect(reader({ host: 'a b' }).error('host', 'must be a host name')).toMatchObject({
      code: 400,
      message: 'tcp: the option "host" must be a host name, got "a b"',
    });
    expect(reader({}).error('host', 'is needed')).toBeInstanceOf(RpcException);
  });

  it('without its value where that may be a secret', () => {
    const read = new OptionReader<{ password?: string; url?: string }>(
      'redis',
      { password: 'hunter2', url: 'redis://u:hunter2@h' },
      ['password', 'url'],
    );
    for (const name of ['password', 'url'] as const) {
      const { message } = read.error(name, 'cannot stand here');
      expect(message).toContain(`"${name}" cannot stand here`);
      expect(message).not.toContain('hunter2');
    }
    const number = new OptionReader<{ password?: unknown }>('redis', { password: 73190442 }, ['password']);
    expect(number.error('password', 'must be text').message).toMatch(/must be text, got a number that is not shown$/);
  });
});
