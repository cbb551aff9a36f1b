import type { ResolvedKafkaOptions } from '../kafka-options.ts';
import { ControlReader } from '../link/control-reader.ts';
import type { Station } from '../link/station.ts';
import type { Intake } from './intake.ts';
import { requestIntake } from './request-intake.ts';

/** What a group reads of the requests, and the control topic that tells which of them are not wanted any more. */
export class RequestSubscription {
  readonly #station: Station;
  readonly #options: ResolvedKafkaOptions;
  readonly #group: string;
  readonly #patterns: readonly string[];
  readonly #intake: Intake;
  readonly #control: ControlReader;

  constructor(station: Station, options: ResolvedKafkaOptions, group: string, patterns: readonly string[]) {
    const topic = options.names.control;
    this.#station = station;
    this.#options = options;
    this.#group = group;
    this.#patterns = patterns;
    this.#intake = requestIntake(station, options, group, patterns);
    this.#control = new ControlReader(station.driver, {
      topic,
      receiver: station.receiver,
      patterns: new Set(patterns),
      missing: () => station.remake('control', [topic]),
      warn: (what, detail) => station.warn(what, detail),
    });
  }

  /** Resolves when what is asked from now on will come. */
  async start(): Promise<void> {
    const { names, sessionTimeout, heartbeatInterval } = this.#options;
    const { driver, topics } = this.#station;
    const requests = this.#patterns.map((pattern) => names.requests(pattern));
    await Promise.all([topics.ensure('control', [names.control]), topics.ensure('requests', requests)]);
    await this.#control.start();
    const consumer = driver.groupConsumer(
      // What was asked before the first instance of the group came is still waiting, if it is not too late.
      { groupId: `${this.#group}.rpc`, topics: requests, fromBeginning: true, sessionTimeout, heartbeatInterval },
      this.#intake,
    );
    await this.#intake.start(consumer);
  }

  stop(): void {
    this.#intake.stop();
  }

  async close(timeout: number): Promise<void> {
    await Promise.all([this.#intake.close(timeout), this.#control.close(timeout)]);
  }
}
