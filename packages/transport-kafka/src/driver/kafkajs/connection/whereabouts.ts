/** Where an error of kafkajs comes from, as far as it does not say it itself. */
export interface Whereabouts {
  /** `host:port`. */
  readonly broker: string;
  /** The brokers gave this address themselves (their setting `advertised.listeners`); the user did not. */
  readonly isAdvertised: boolean;
  readonly stage: Stage;
  /** What the broker says that it takes for a log in, in capitals; only of these stages. */
  readonly mechanisms?: readonly string[] | undefined;
}

/**
 * How far it had come. `connecting`: no connection, or no TLS. `greeting`: connected, but the broker never spoke Kafka. `unknown`: it
 * did, and hung up at the first thing that it was asked for without a log in. `login`: while we logged in; `relogin`: when we did so again, before the last time was over. `talking`: later.
 */
export type Stage = 'connecting' | 'greeting' | 'unknown' | 'login' | 'relogin' | 'talking';

const notes = new WeakMap<object, Whereabouts>();

/** The last note about an error counts: who is told of it later knows more of what was going on. */
export function note(error: unknown, where: Whereabouts): void {
  if (typeof error === 'object' && error !== null) notes.set(error, where);
}

/** Kafkajs's connection errors name the broker also where nothing was noted. */
export function whereaboutsOf(error: unknown): Whereabouts | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const noted = notes.get(error);
  if (noted !== undefined || !('broker' in error) || typeof error.broker !== 'string') return noted;
  return { broker: error.broker, isAdvertised: false, stage: 'talking' };
}
