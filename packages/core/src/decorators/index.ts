export { Controller, type ControllerDecorator } from './controller.ts';
export { checkController, controllerRecords } from './controller-records.ts';
export { type ContextType, Ctx, type HandlerParameterDecorator, Payload } from './parameters.ts';
export { EventPattern, type HandlerDecorator, MessagePattern } from './patterns.ts';
