export {
  type AnyEventContract,
  type AnyMessageContract,
  contractTarget,
  type EventContract,
  type EventContractOptions,
  event,
  expectKind,
  type InputOf,
  isContract,
  isSchema,
  type MessageContract,
  type MessageContractOptions,
  message,
  type OutputOf,
  type PayloadOf,
  type ReplyOf,
  type RequestOf,
  type Schema,
} from './contract.ts';
export { maxPatternLength, type Pattern, patternKey, targetKey } from './pattern.ts';
export { validate } from './validate.ts';
export { isWildcard, type Matcher, wildcardMatcher } from './wildcard.ts';
