import { declareController } from './declarations.ts';

/** A class decorator of either world. */
export type ControllerDecorator = (
  type: abstract new (...args: never[]) => object,
  context?: ClassDecoratorContext,
) => void;

/** Marks a class whose decorated methods are handlers, for `createMicroservices({ controllers })`. */
export function Controller(): ControllerDecorator {
  return (type) => declareController(type);
}
