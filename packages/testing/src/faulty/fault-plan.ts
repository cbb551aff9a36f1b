import type { Envelope } from '@parley/core/transport';

/**
 * What goes wrong: `lose` it; `double` it; `reorder` it behind the next one in its direction (or behind `milliseconds`,
 * when none follows); `delay` it by `milliseconds`, while others go past; `cut` the link there for `milliseconds`, the
 * envelope with it.
 */
export type Fault = 'lose' | 'double' | 'reorder' | 'delay' | 'cut';

/** One thing that goes wrong, and with which envelopes. */
export interface FaultRule {
  readonly fault: Fault;
  /** On the way out of the wrapped side, or on the way in. */
  readonly at: 'send' | 'receive';
  /** Default: all kinds. */
  readonly kinds?: readonly Envelope['kind'][];
  /** Further restricts which envelopes are meant. Default: all. */
  readonly matches?: (envelope: Envelope) => boolean;
  /** How likely it is for each envelope that is meant, from 0 to 1. Default 1. */
  readonly chance?: number;
  /** So many envelopes that are meant go unharmed first. Default 0. */
  readonly skip?: number;
  /** It happens at most so often. Default: without end. */
  readonly times?: number;
  /** For `delay` and `cut`, default 10, and for `reorder`, default 20. */
  readonly milliseconds?: number;
}

/** What goes wrong on the links of one side. The first rule that applies to an envelope decides. */
export interface FaultPlan {
  readonly rules: readonly FaultRule[];
  /** A plan with the same seed and the same traffic does the same. Default 1. */
  readonly seed?: number;
}

/** Something that has gone wrong. */
export interface HappenedFault {
  readonly fault: Fault;
  readonly at: 'send' | 'receive';
  readonly envelope: Envelope;
}

/** Decides for one envelope after the other what happens to it. No I/O, no timers. */
export class FaultDice {
  readonly happened: HappenedFault[] = [];
  readonly #rules: readonly { readonly rule: FaultRule; skip: number; times: number }[];
  readonly #random: () => number;

  constructor({ rules, seed = 1 }: FaultPlan) {
    this.#rules = rules.map((rule) => ({ rule, skip: rule.skip ?? 0, times: rule.times ?? Number.POSITIVE_INFINITY }));
    this.#random = seededRandom(seed);
  }

  /** The rule that strikes; `undefined`: the envelope passes. */
  throwFor(at: 'send' | 'receive', envelope: Envelope): FaultRule | undefined {
    for (const state of this.#rules) {
      const { rule } = state;
      if (rule.at !== at || state.times <= 0 || !isMeant(rule, envelope)) continue;
      // One throw for each envelope that is meant, so that what came before does not depend on what comes after.
      if (this.#random() >= (rule.chance ?? 1)) continue;
      if (state.skip > 0) {
        state.skip -= 1;
        continue;
      }
      state.times -= 1;
      this.happened.push({ fault: rule.fault, at, envelope });
      return rule;
    }
    return undefined;
  }
}

function isMeant({ kinds, matches }: FaultRule, envelope: Envelope): boolean {
  return (kinds?.includes(envelope.kind) ?? true) && (matches?.(envelope) ?? true);
}

/** mulberry32: small, and good enough to throw dice with. Gives numbers in [0, 1). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
