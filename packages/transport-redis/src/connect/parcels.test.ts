import { describe, expect, it } from 'vitest';
import type { Called } from './light-command.ts';
import type { Outlet } from './outlet.ts';
import { Parcels } from './parcels.ts';
import type { Outgoing } from './publisher.ts';
import { isUnsent } from './unsent.ts';

class Held implements Outlet {
  isOpen = true;
  readonly sent: { readonly channel: string; readonly message: string; readonly called: Called }[] = [];

  publish(channel: string, message: string | Buffer, called: Called): void {
    this.sent.push({ channel, message: String(message), called });
  }

  get shown(): string[] {
    return this.sent.map(({ channel, message }) => `${channel} ${message}`);
  }
}

const post = (channel: string, message: string): Outgoing => ({
  channel,
  message,
  size: 0,
  published: () => undefined,
});
const tick = () => new Promise((resolve) => setImmediate(resolve));

function stage(inOrder = false) {
  const outlet = new Held();
  const parcels = new Parcels(outlet, { inOrder });
  const ends: string[] = [];
  const carry = (channel: string, message: string) =>
    parcels.carry(post(channel, message), (outgoing, error, receivers) => {
      const end = error === undefined ? receivers : isUnsent(error) ? 'unsent' : error.message;
      ends.push(`${String(outgoing.message)} ${end}`);
    });
  return { outlet, parcels, ends, carry };
}

describe('Parcels', () => {
  it('leave at the end of the tick: one for each channel, in the order in which they were begun', async () => {
    const { outlet, carry } = stage();
    for (const [channel, message] of ['a1', 'b1', 'a2', 'b2', 'a3']) carry(channel as string, message as string);
    expect(outlet.sent).toEqual([]);
    await tick();
    expect(outlet.shown).toEqual(['a [1,"parcel",1,1,1]\n123', 'b [1,"parcel",1,1]\n12']);
    carry('a', '4');
    await tick();
    expect(outlet.shown.at(-1)).toBe('a 4');
  });

  it('keep all messages in order where that is asked for', async () => {
    const { outlet, carry } = stage(true);
    for (const [channel, message] of ['a1', 'a2', 'b1', 'a3']) carry(channel as string, message as string);
    await tick();
    expect(outlet.shown).toEqual(['a [1,"parcel",1,1]\n12', 'b 1', 'a 3']);
  });

  it('are not made larger by large messages, and keep the order then, too', async () => {
    const { outlet, carry } = stage();
    const large = 'x'.repeat(65_000);
    for (const message of ['1', large, '2', '3'.repeat(600), '4']) carry('a', message);
    await tick();
    expect(outlet.sent.map(({ message }) => message.replaceAll(/x+/g, 'x').replaceAll(/3+/g, '3'))).toEqual([
      '[1,"parcel",1,65000,1]\n1x2',
      '[1,"parcel",600,1]\n34',
    ]);
  });

  it('tell each message what became of all', async () => {
    const { outlet, ends, carry } = stage();
    carry('a', '1');
    carry('a', '2');
    carry('b', '3');
    await tick();
    outlet.sent[0]?.called(null, 7);
    outlet.sent[1]?.called(new Error('refused'));
    expect(ends).toEqual(['1 7', '2 7', '3 refused']);
  });

  it('are surely not sent when the way is closed by the end of the tick', async () => {
    const { outlet, ends, carry } = stage();
    carry('a', '1');
    carry('b', '2');
    outlet.isOpen = false;
    await tick();
    expect(outlet.sent).toEqual([]);
    expect(ends).toEqual(['1 unsent', '2 unsent']);
  });

  it('leave at once when they are told to, and only once', async () => {
    const { outlet, parcels, carry } = stage();
    carry('a', '1');
    parcels.flush();
    expect(outlet.shown).toEqual(['a 1']);
    carry('a', '2');
    await tick();
    expect(outlet.shown).toEqual(['a 1', 'a 2']);
  });
});
