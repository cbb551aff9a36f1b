import { wildcardMatcher } from '@parley/core/transport';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Names } from '../names.ts';
import { EventSubscriptions } from './event-subscriptions.ts';

const names = new Names('p:');
const make = (events: readonly string[], wildcards: readonly string[]) =>
  new EventSubscriptions([{ events, wildcards }], names);

describe('EventSubscriptions', () => {
  it('makes none twice, of several routes', () => {
    const both = new EventSubscriptions(
      [
        { events: ['a', 'b'], wildcards: ['x.*'] },
        { events: ['b'], wildcards: ['x.*', 'y.*'] },
      ],
      names,
    );
    expect(both.events).toEqual(['a', 'b']);
    expect(both.globs).toEqual(['p:e:x.*', 'p:e:y.*']);
  });

  it('makes none that a wildcard covers', () => {
    const subscriptions = make(['user.created', 'order.created'], ['user.*', 'user.c*', '*.c*d']);
    expect(subscriptions.globs).toEqual(['p:e:user.*', 'p:e:*.c*d']);
    expect(subscriptions.events).toEqual([]);
  });

  it('keeps one of two that cover each other', () => {
    expect(make([], ['a**', 'a*', 'a***']).globs).toEqual(['p:e:a**']);
  });

  it('counts an event that came by several subscriptions once', () => {
    const subscriptions = make([], ['user.*', '*.created']);
    const counted = subscriptions.globs.filter((glob) => subscriptions.counts('user.created', glob));
    expect(counted).toHaveLength(1);
    expect(subscriptions.counts('order.created', 'p:e:*.created')).toBe(true);
  });

  it('lets every event that any of the routes wants through exactly once, and no other', () => {
    const text = (stars: boolean) =>
      fc.string({
        unit: stars ? fc.constantFrom('a', 'b', '*') : fc.constantFrom('a', 'b'),
        minLength: 1,
        maxLength: 5,
      });
    const wildcards = fc.array(
      text(true).map((some) => `${some}*`),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(text(false), { maxLength: 4 }), wildcards, text(false), (events, wild, event) => {
        const subscriptions = make(events, wild);
        // As Redis does: once for each subscription that matches.
        const byChannel = subscriptions.events.filter((name) => name === event).length;
        const byGlob = subscriptions.globs.filter((glob) => {
          const wildcard = glob.slice('p:e:'.length);
          return wildcardMatcher(wildcard)(event) && subscriptions.counts(event, glob);
        }).length;
        const isWanted = events.includes(event) || wild.some((wildcard) => wildcardMatcher(wildcard)(event));
        expect(byChannel + byGlob).toBe(isWanted ? 1 : 0);
      }),
    );
  });
});
