import { inspect, styleText } from 'node:util';
import type { Logger } from '@parley/core';

/** What the library has to tell, as a line of the transcript that says whose it is. A real service would hand over pino. */
export function serviceLogger(name: string): Logger {
  const write = (message: string, detail?: unknown) => {
    const more = detail === undefined ? '' : `\n${inspect(detail)}`;
    console.log(styleText('dim', `             [${name}] ${message}${more}`));
  };
  return { debug: () => undefined, info: () => undefined, warn: write, error: write };
}
