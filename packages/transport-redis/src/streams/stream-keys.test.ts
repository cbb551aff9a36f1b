import { expect, it } from 'vitest';
import { Names } from '../names.ts';
import { deadLettersKey, readDeadLettersKey, slotTag } from './stream-keys.ts';

const patterns = ['user.created', '7', '{"type":"moved","zone":1}', 'a}b{c', '{}', '}:orders', 'ü €'];

it.each(['parley:', '{app}:', ''])('with the prefix "%s" dead letters share the slot of their stream', (prefix) => {
  const names = new Names(prefix);
  for (const pattern of patterns) {
    const stream = names.stream('event', pattern);
    expect(slotTag(deadLettersKey(names, stream, 'orders'))).toBe(slotTag(stream));
  }
});

it.each(['parley:', '{app}:'])('with the prefix "%s" their key leads back', (prefix) => {
  const names = new Names(prefix);
  for (const pattern of patterns) {
    for (const group of ['orders', 'a:b', '}:x', '{y}']) {
      const stream = names.stream('message', pattern);
      const key = deadLettersKey(names, stream, group);
      expect(readDeadLettersKey(names, key)).toEqual({ stream, kind: 'message', pattern, group });
    }
  }
});

it.each(['', 'parley:m:{x}', 'parley:d:m:{x}', 'parley:d:x:{x}:g', 'other:d:m:{x}:g', 'parley:d:m:x:g'])(
  '"%s" is no key of dead letters',
  (key) => {
    expect(readDeadLettersKey(new Names('parley:'), key)).toBeUndefined();
  },
);
