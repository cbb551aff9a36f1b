// A service in a process of its own, for tests that kill it. Prints its address when it listens.
import { createMicroservices, provideMicroservices } from '@parley/core';
import { tcp } from '@parley/transport-tcp';

const options = tcp({ port: Number(process.argv[2] ?? 0) });
const host = createMicroservices({ providers: [provideMicroservices([{ token: 'main', options, client: false }])] });
host.message('echo', (data) => data);
host.message('never', () => new Promise(() => {}));
host.message('ticks', async function* () {
  for (let tick = 0; ; tick += 1) yield tick;
});
process.once('SIGTERM', () => void host.close({ timeout: 1000 }));
process.once('disconnect', () => process.exit());
process.channel.unref();
await host.start();
process.send(host.health().main.transporter.address);
