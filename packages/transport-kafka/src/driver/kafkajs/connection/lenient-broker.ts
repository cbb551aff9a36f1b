import type { InnerBroker, LookupRequest } from './internals.ts';
import { decodeFetch } from './record-headers.ts';

/** Numbers of Kafka's protocol. */
const produceKey = 0;
const fetchKey = 1;
const metadataKey = 3;

/**
 * kafkajs throws the first error that a response holds, and with it what the response says of all other topics and
 * partitions. Of Metadata and Produce it now gives the whole response, with its error codes: one deleted topic would otherwise
 * fail the metadata of all others, and one partition the acknowledgements of all others. Of Fetch, headers are read in time that
 * grows with their number. Changes only the given object.
 */
export function makeLenient(broker: InnerBroker): InnerBroker {
  const lenient = Object.create(broker) as InnerBroker;
  lenient.lookupRequest = (apiKey, definition) => mended(broker.lookupRequest(apiKey, definition), apiKey);
  broker.metadata = broker.metadata.bind(lenient);
  broker.produce = broker.produce.bind(lenient);
  broker.fetch = broker.fetch.bind(lenient);
  return broker;
}

function mended(make: ReturnType<LookupRequest>, apiKey: number): ReturnType<LookupRequest> {
  if (apiKey === fetchKey) return withOwnHeaders(make);
  return apiKey === produceKey || apiKey === metadataKey ? withoutErrors(make) : make;
}

function withOwnHeaders(make: ReturnType<LookupRequest>): ReturnType<LookupRequest> {
  return (options) => {
    const protocol = make(options);
    const { request, response } = protocol;
    const version = (request as { readonly apiVersion?: unknown }).apiVersion;
    const decode = (data: Buffer) => response.decode(data);
    return {
      ...protocol,
      response: {
        decode: (data) => (typeof version === 'number' ? decodeFetch(data, version, decode) : decode(data)),
        parse: (data) => response.parse(data),
      },
    };
  };
}

function withoutErrors(make: ReturnType<LookupRequest>): ReturnType<LookupRequest> {
  return (options) => {
    const protocol = make(options);
    const { response } = protocol;
    return {
      ...protocol,
      response: { decode: (data) => response.decode(data), parse: (data) => Promise.resolve(data) },
    };
  };
}
