import { DockerProgram } from './docker-program.ts';
import { withClassArchive } from './java/class-archive.ts';
import { JavaProgram } from './java/java-program.ts';
import type { KafkaProgram } from './kafka-program.ts';

let found: Promise<KafkaProgram> | undefined;

/** The jars run by this machine's Java, else Docker. @throws Error that says how to get one. */
export function findKafka(): Promise<KafkaProgram> {
  found ??= search();
  return found;
}

async function search(): Promise<KafkaProgram> {
  const failures: string[] = [];
  for (const [where, find] of [
    ['with Java', async () => withClassArchive(await JavaProgram.find())],
    ['with Docker', () => DockerProgram.find()],
  ] as const) {
    try {
      return await find();
    } catch (error) {
      failures.push(`- ${where}: ${error instanceof Error ? error.message.trim() : String(error)}`);
    }
  }
  throw new Error(
    'There is no Kafka here. Install Java 17 and Maven (apt-get install default-jre-headless maven, brew install maven), ' +
      `or Docker, or set KAFKA_BROKERS to one that runs.\n${failures.join('\n')}`,
  );
}
