import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ValidationError, type ValidationIssue } from '../errors/index.ts';
import type { Schema } from './contract.ts';

/**
 * The schema's output for `value`, at once when the schema is synchronous.
 *
 * @throws ValidationError (422) with the issues, at once or by the promise; what the schema itself throws goes through.
 */
export function validate(schema: Schema, value: unknown, what: string): unknown {
  const result = schema['~standard'].validate(value);
  // Not `instanceof Promise`: what another realm or a library made is one, too.
  if ('then' in result) return Promise.resolve(result).then((settled) => outputOf(settled, what));
  return outputOf(result, what);
}

function outputOf(result: StandardSchemaV1.Result<unknown>, what: string): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(plainIssue);
  const first = issues[0];
  const where = first?.path === undefined ? '' : ` at ${first.path.join('.')}`;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new ValidationError(`The ${what} is not valid${where}: ${first?.message ?? 'no reason given'}${more}`, issues);
}

/** What can be told over the wire: schema libraries put symbols and whole inputs into their issues. */
function plainIssue(issue: StandardSchemaV1.Issue): ValidationIssue {
  if (issue.path === undefined || issue.path.length === 0) return { message: issue.message };
  const path = issue.path.map((part) => {
    const key = typeof part === 'object' ? part.key : part;
    return typeof key === 'number' ? key : String(key);
  });
  return { message: issue.message, path };
}
