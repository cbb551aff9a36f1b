// A service in a process of its own: started by supervision/service-process.ts, with its name and its options as JSON.
import process from 'node:process';
import type { StartOptions } from './running-service.ts';
import { type ServiceName, starters } from './services.ts';
import type { FromService } from './supervision/service-process.ts';

// The channel closes when the parent is gone, however it went. A service does not outlive it.
process.once('disconnect', () => process.exit(1));
// A signal to the whole process group (Ctrl-C is one) comes here, too; the parent decides what it means, and who is to
// close first.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);

const [name, options] = process.argv.slice(2) as [ServiceName, string];
try {
  const service = await starters[name](JSON.parse(options) as StartOptions);
  tell({ kind: 'ready', port: service.port });
  await new Promise((resolve) => process.once('message', resolve));
  await service.close();
  // With the channel the last thing is closed that keeps this process up: what else there was would show.
  process.removeAllListeners('disconnect');
  process.disconnect();
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

function tell(message: FromService): void {
  process.send?.(message);
}
