import type { Logger } from '@parley/core';

interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly detail: unknown;
}

/** A logger that keeps what it is told. */
export class LogBook implements Logger {
  readonly lines: LogLine[] = [];

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

  /** The lines of `level` in which `part` occurs. */
  find(level: LogLine['level'], part: string): LogLine[] {
    return this.lines.filter((line) => line.level === level && line.message.includes(part));
  }
}
