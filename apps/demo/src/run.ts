import { createMicroservices, provideMicroservices } from '@parley/core';
import { serviceLogger } from './service-logger.ts';
import { startService, startServices } from './start-services.ts';
import { cancel } from './steps/cancel.ts';
import { drain } from './steps/drain.ts';
import { errors } from './steps/errors.ts';
import { events } from './steps/events.ts';
import { http } from './steps/http.ts';
import { requestReply } from './steps/request-reply.ts';
import { restart } from './steps/restart.ts';
import type { Stage, Step } from './steps/step.ts';
import { stream } from './steps/stream.ts';
import { timeout } from './steps/timeout.ts';
import type { Supervisor } from './supervision/supervisor.ts';
import type { Transcript } from './transcript.ts';
import { aftermathOf, clientOf, services } from './transports.ts';

const steps: readonly Step[] = [requestReply, stream, events, errors, timeout, cancel, http, restart, drain];

/** Starts the services and shows one thing after the other. @throws when one does not behave. */
export async function run(supervisor: Supervisor, transcript: Transcript): Promise<void> {
  const began = performance.now();
  transcript.heading('Services');
  const gateway = await startServices(supervisor, transcript);
  const { wire } = supervisor;
  await using host = createMicroservices({
    providers: [provideMicroservices([clientOf('users', wire), clientOf('notifications', wire)])],
    logger: serviceLogger('demo'),
  });
  await host.start();
  const stage: Stage = {
    users: host.get(services.users),
    notifications: host.get(services.notifications),
    gateway,
    aftermath: aftermathOf(wire),
    say: (text) => transcript.say(text),
    start: async (name) => void (await startService(name, supervisor, transcript)),
    kill: (name) => supervisor.kill(name),
    close: (name) => supervisor.close(name),
  };
  for (const [index, step] of steps.entries()) {
    transcript.heading(`${index + 1}. ${step.title}`, step.code);
    await step.run(stage);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  transcript.write(`\nAll ${steps.length} steps went as expected, in ${seconds} s.`);
}
