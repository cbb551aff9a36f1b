/** What the floor does with Kafka. Each topic has one partition. */
export interface Access {
  /** @param acks -1: all replicas have it; 1: the leader has it. */
  write(topic: string, acks: -1 | 1): Promise<Add>;
  /** All of a new topic, without a group. */
  read(topic: string, each: Each): Promise<void>;
  close(): Promise<void>;
}

/** Adds a record, without a key if that is empty. Resolves when Kafka has it. */
export type Add = (key: string, text: string) => Promise<unknown>;

export type Each = (key: string, text: string) => void;

/** Goes on until it is stopped. An error before that ends the process: a round that waits for what never comes says nothing. */
export class Loop {
  #isStopped = false;
  readonly #ended: Promise<void>;

  constructor(turn: () => Promise<void>) {
    this.#ended = this.#run(turn);
  }

  async #run(turn: () => Promise<void>): Promise<void> {
    while (!this.#isStopped) await turn();
  }

  /** Resolves after the turn that is under way. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#ended;
  }
}
