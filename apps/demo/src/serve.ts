import { serviceNames } from './services.ts';
import { startServices } from './start-services.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { Transcript } from './transcript.ts';

/** Starts the services and stays until `interrupted`, to be tried with curl; then lets them finish what they are at. */
export async function serve(
  supervisor: Supervisor,
  transcript: Transcript,
  interrupted: Promise<string>,
  onReady: () => void,
): Promise<void> {
  transcript.heading('Services');
  const gateway = await startServices(supervisor, transcript);
  transcript.heading('Try', 'in another terminal');
  transcript.write(curls(gateway));
  transcript.write('\nCtrl-C ends it.');
  onReady();
  const signal = await interrupted;
  transcript.heading('Closing', signal);
  // Who calls closes before who is called.
  for (const name of serviceNames.toReversed()) {
    await supervisor.close(name);
    transcript.say(`${name} service: closed`);
  }
}

function curls(gateway: string): string {
  const user = JSON.stringify({
    name: 'Grace Hopper',
    email: 'grace@example.org',
    city: 'Arlington',
    born: '1906-12-09',
  });
  return [
    `curl '${gateway}/users?page=2&size=5'`,
    `curl ${gateway}/users/7`,
    `curl -N ${gateway}/users/export            # one by one, as they come`,
    `curl -N ${gateway}/notifications           # stays: watch it while you do the next`,
    `curl ${gateway}/users -H 'content-type: application/json' -d '${user}'`,
    `curl ${gateway}/users -d '{"name":""}'               # refused by the contract`,
    `curl ${gateway}/health`,
  ]
    .map((line) => `  ${line}`)
    .join('\n');
}
