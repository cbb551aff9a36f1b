import type { InnerBroker, LookupRequest } from './internals.ts';

/** Numbers of Kafka's protocol. */
const produceKey = 0;
const metadataKey = 3;

/**
 * kafkajs throws the first error that a response holds, and with it what the response says of all other topics and
 * partitions. Of these two it now gives the whole response, with its error codes: one deleted topic would otherwise fail
 * the metadata of all others, and one partition the acknowledgements of all others. Changes only the given object.
 */
export function makeLenient(broker: InnerBroker): InnerBroker {
  const lenient = Object.create(broker) as InnerBroker;
  lenient.lookupRequest = (apiKey, definition) => withoutErrors(broker.lookupRequest(apiKey, definition), apiKey);
  broker.metadata = broker.metadata.bind(lenient);
  broker.produce = broker.produce.bind(lenient);
  return broker;
}

function withoutErrors(make: ReturnType<LookupRequest>, apiKey: number): ReturnType<LookupRequest> {
  if (apiKey !== produceKey && apiKey !== metadataKey) return make;
  return (options) => {
    const protocol = make(options);
    const { response } = protocol;
    return {
      ...protocol,
      response: { decode: (data) => response.decode(data), parse: (data) => Promise.resolve(data) },
    };
  };
}
