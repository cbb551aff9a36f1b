import { styleText } from 'node:util';

/** What a person reads while the demo runs. Colours only on a terminal: `styleText` looks. */
export class Transcript {
  #since = performance.now();

  /** A line by itself. */
  write(text: string): void {
    console.log(text);
  }

  /** Begins a part; from here on time is taken. */
  heading(title: string, note = ''): void {
    console.log(`\n${styleText('bold', title)}${note && `  ${styleText('cyan', note)}`}`);
    this.#since = performance.now();
  }

  /** What has happened, with the time since the line before. */
  say(text: string): void {
    const now = performance.now();
    const time = `${(now - this.#since).toFixed(1).padStart(8)} ms`;
    console.log(`${styleText('dim', time)}  ${text}`);
    this.#since = now;
  }

  fail(text: string): void {
    console.log(`${styleText('red', '     FAILED')}  ${text}`);
  }
}
