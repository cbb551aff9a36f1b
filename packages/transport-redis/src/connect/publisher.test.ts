import { describe, expect, it } from 'vitest';
import { type Carrier, type Confirmed, type Outgoing, type Published, Publisher } from './publisher.ts';
import { isUnsent } from './unsent.ts';

/** Holds what is published until it is told to confirm it. */
class Held implements Carrier {
  isOpen = true;
  readonly sent: { readonly outgoing: Outgoing; readonly confirmed: Confirmed }[] = [];

  carry(outgoing: Outgoing, confirmed: Confirmed): void {
    this.sent.push({ outgoing, confirmed });
  }

  flush(): void {}

  confirm(count = 1): void {
    for (const { outgoing, confirmed } of this.sent.splice(0, count)) confirmed(outgoing, undefined, 1);
  }

  /** The connection is lost: what was under way has an unknown outcome. */
  break(): void {
    this.isOpen = false;
    for (const { outgoing, confirmed } of this.sent.splice(0)) confirmed(outgoing, new Error('lost'), undefined);
  }
}

const large = 'x'.repeat(300_000);
const noted =
  (into: string[], name: string): Published =>
  (error) =>
    into.push(`${name}:${error === undefined ? 'ok' : isUnsent(error) ? 'unsent' : 'unknown'}`);

describe('Publisher', () => {
  it('publishes no faster than what was published is confirmed, in order', () => {
    const outlet = new Held();
    const publisher = new Publisher(outlet);
    const ends: string[] = [];
    for (const name of ['a', 'b', 'c']) publisher.publish('ch', `${name}${large}`, noted(ends, name));
    expect(outlet.sent.map(({ outgoing }) => outgoing.message[0])).toEqual(['a']);
    outlet.confirm();
    expect(outlet.sent.map(({ outgoing }) => outgoing.message[0])).toEqual(['b']);
    outlet.confirm();
    outlet.confirm();
    expect(ends).toEqual(['a:ok', 'b:ok', 'c:ok']);
  });

  it('lets one message pass however large it is', () => {
    const outlet = new Held();
    new Publisher(outlet).publish('ch', large.repeat(10), () => undefined);
    expect(outlet.sent).toHaveLength(1);
  });

  it('says what waits, and when nothing does any more', async () => {
    const outlet = new Held();
    const publisher = new Publisher(outlet);
    publisher.publish('ch', large, () => undefined);
    expect(publisher.drained()).toBeUndefined();
    publisher.publish('ch', large, () => undefined);
    const drained = publisher.drained();
    expect(drained).toBeInstanceOf(Promise);
    // This tick's own bytes could not have left.
    expect(publisher.backlog).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(publisher.backlog).toBeGreaterThan(300_000);
    outlet.confirm(2);
    await drained;
    expect(publisher.backlog).toBe(0);
  });

  it('tells what surely was not sent from what may have been, when the connection is lost, and keeps the order', () => {
    const outlet = new Held();
    const publisher = new Publisher(outlet);
    const ends: string[] = [];
    for (const name of ['a', 'b', 'c']) publisher.publish('ch', large, noted(ends, name));
    outlet.isOpen = false;
    // What comes before the loss is known must not overtake.
    publisher.publish('ch', 'small', noted(ends, 'd'));
    expect(ends).toEqual([]);
    outlet.break();
    expect(ends).toEqual(['a:unknown', 'b:unsent', 'c:unsent', 'd:unsent']);
    publisher.publish('ch', 'small', noted(ends, 'e'));
    expect(ends.at(-1)).toBe('e:unsent');
  });

  it('goes through tens of thousands that wait', () => {
    const outlet = new Held();
    const publisher = new Publisher(outlet);
    let confirmed = 0;
    for (let index = 0; index < 50_000; index += 1) publisher.publish('ch', 'x'.repeat(100), () => (confirmed += 1));
    while (outlet.sent.length > 0) outlet.confirm();
    expect(confirmed).toBe(50_000);
    expect(publisher.drained()).toBeUndefined();
  });
});
