/**
 * ioredis hangs on to an error of Redis the command that it is about, with its arguments: the password of a log in, or a
 * user's payload. Errors end in logs and with callers, so it is taken off, here and from what caused it.
 */
export function withoutCommand<T>(error: T): T {
  if (!(error instanceof Error)) return error;
  const { cause, lastNodeError, errors } = error as { cause?: unknown; lastNodeError?: unknown; errors?: unknown };
  delete (error as { command?: unknown }).command;
  for (const inner of [cause, lastNodeError, ...(Array.isArray(errors) ? errors : [])]) withoutCommand(inner);
  return error;
}
