/** What a Kafka for tests is started with. By default: one node, no SASL, no TLS, no automatic creation of topics. */
export interface KafkaOptions {
  /** Default: 1. With 3, every node is broker and controller, and internal topics have three replicas. */
  readonly nodes?: 1 | 3 | undefined;
  /** The one user that there is; without it everybody may do everything. */
  readonly sasl?: KafkaSasl | undefined;
  /** Only TLS for clients, with a certificate for 127.0.0.1 and localhost by an authority of its own. */
  readonly tls?: boolean | undefined;
  /** More broker properties, or others: `{ 'group.initial.rebalance.delay.ms': '3000' }`. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /**
   * More flags for Java; they win. By default it starts soon rather than runs fast: for benchmarks, let it compile with
   * all it has (`-XX:TieredStopAtLevel=4`) in more memory (`-Xmx1g`).
   */
  readonly jvmFlags?: readonly string[] | undefined;
}

/** As kafkajs takes it; name and password of letters, digits, `-`, `_`, `.` and `~`. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}
