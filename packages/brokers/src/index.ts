export * from './kafka/index.ts';
export * from './redis/index.ts';
