/** A Kafka of one's own, which can be broken. `node` is an index into `brokers`, and Kafka's node id; default: every node. */
export interface KafkaBroker extends AsyncDisposable {
  /** `127.0.0.1:port`; the same over restarts. */
  readonly brokers: readonly string[];
  /** The authority to trust, PEM; goes into kafkajs as `ssl`. `undefined` without TLS. */
  readonly tls: { readonly ca: string } | undefined;
  /** Of the nodes that run now. */
  readonly pids: readonly number[];
  /** The last of what each node wrote. */
  readonly logs: readonly string[];
  /** SIGTERM: leaders move to other nodes first. Gone when it resolves; also when it did not run, or was paused. */
  stop(node?: number): Promise<void>;
  /** SIGKILL. Gone when it resolves. */
  kill(node?: number): Promise<void>;
  /**
   * Those that do not run, on the same ports and data. Resolves when every node that runs knows all that run, which takes
   * a majority; without one it resolves at once.
   *
   * @throws Error with its log if one does not start; while all of them run, or after `close`.
   */
  start(node?: number): Promise<void>;
  /** `stop` and `start`. */
  restart(node?: number): Promise<void>;
  /** SIGSTOP: connections stay and nothing is answered. */
  pause(node?: number): void;
  /** SIGCONT. */
  resume(node?: number): void;
  /** Ends it for good and removes its data. */
  close(): Promise<void>;
}
