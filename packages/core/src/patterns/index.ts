export {
  type AnyEventContract,
  type AnyMessageContract,
  contractTarget,
  event,
  type EventContract,
  type EventContractOptions,
  expectKind,
  type InputOf,
  isContract,
  isSchema,
  message,
  type MessageContract,
  type MessageContractOptions,
  type OutputOf,
  type Schema,
} from './contract.ts';
export { maxPatternLength, type Pattern, patternKey, targetKey } from './pattern.ts';
export { validate } from './validate.ts';
export { isWildcard, type Matcher, wildcardMatcher } from './wildcard.ts';
