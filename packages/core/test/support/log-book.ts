import type { Logger } from '../../src/dispatch/index.ts';

/** A logger that keeps its lines. */
export class LogBook implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly detail: unknown }[] = [];

  debug(message: string, detail?: unknown): void {
    this.lines.push({ level: 'debug', message, detail });
  }

  info(message: string, detail?: unknown): void {
    this.lines.push({ level: 'info', message, detail });
  }

  warn(message: string, detail?: unknown): void {
    this.lines.push({ level: 'warn', message, detail });
  }

  error(message: string, detail?: unknown): void {
    this.lines.push({ level: 'error', message, detail });
  }

  get errors(): string[] {
    return this.of('error');
  }

  get warnings(): string[] {
    return this.of('warn');
  }

  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }
}
