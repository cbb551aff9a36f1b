import { decodeFetch } from '../fetch/decode-fetch.ts';
import { encodeFetch, type FetchOptions } from '../fetch/encode-fetch.ts';
import { isKnownVersion } from '../fetch/fetch-versions.ts';
import { encodeProduce, isPlainProduce, type ProduceOptions } from '../produce/encode-produce.ts';
import type { InnerBroker, LookupRequest } from './internals.ts';

/** Numbers of Kafka's protocol. */
const produceKey = 0;
const fetchKey = 1;
const metadataKey = 3;
const createTopicsKey = 19;

/**
 * kafkajs throws the first error that a response holds, and with it what the response says of all other topics and
 * partitions. Of Metadata and Produce it now gives the whole response, with its error codes: one deleted topic would otherwise
 * fail the metadata of all others, and one partition the acknowledgements of all others. Of CreateTopics, errors say what the
 * broker says. Produce and Fetch are encoded, and Fetch decoded, in a third of the time or less. Changes only the given object.
 */
export function makeLenient(broker: InnerBroker): InnerBroker {
  const lenient = Object.create(broker) as InnerBroker;
  lenient.lookupRequest = (apiKey, definition) => mended(broker.lookupRequest(apiKey, definition), apiKey);
  broker.metadata = broker.metadata.bind(lenient);
  broker.produce = broker.produce.bind(lenient);
  broker.fetch = broker.fetch.bind(lenient);
  broker.createTopics = broker.createTopics.bind(lenient);
  return broker;
}

function mended(make: ReturnType<LookupRequest>, apiKey: number): ReturnType<LookupRequest> {
  if (apiKey === fetchKey) return withOwnFetch(make);
  if (apiKey === createTopicsKey) return withOwnWords(make);
  if (apiKey === produceKey) return withOwnProduce(withoutErrors(make));
  return apiKey === metadataKey ? withoutErrors(make) : make;
}

function withOwnProduce(make: ReturnType<LookupRequest>): ReturnType<LookupRequest> {
  return (options) => {
    const protocol = make(options);
    const request = protocol.request as { readonly apiVersion?: unknown };
    if (!isPlainProduce(options as ProduceOptions, request.apiVersion)) return protocol;
    return {
      ...protocol,
      request: { ...request, encode: async () => encoded(encodeProduce(options as ProduceOptions, Date.now())) },
    };
  };
}

/** What kafkajs takes of its own encoder. */
function encoded(buffer: Buffer): { readonly buf: Buffer; readonly buffer: Buffer } {
  return { buf: buffer, buffer };
}

function withOwnFetch(make: ReturnType<LookupRequest>): ReturnType<LookupRequest> {
  return (options) => {
    const protocol = make(options);
    const { response } = protocol;
    const request = protocol.request as { readonly apiVersion?: unknown };
    const version = request.apiVersion;
    if (!isKnownVersion(version)) return protocol;
    const decode = (data: Buffer) => response.decode(data);
    return {
      ...protocol,
      request: { ...request, encode: async () => encoded(encodeFetch(options as FetchOptions, version)) },
      response: { decode: (data) => decodeFetch(data, version, decode), parse: (data) => response.parse(data) },
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

/** kafkajs's form of the answer to CreateTopics, and of the errors that it makes of it. */
interface CreatedTopics {
  readonly topicErrors?: readonly { readonly topic: string; readonly errorMessage?: string | null }[];
}
interface TopicErrors {
  readonly errors?: readonly { readonly topic?: unknown; message: string }[];
}

/** The broker says which setting is wrong, and how many brokers there are; kafkajs has one text for each code. */
function withOwnWords(make: ReturnType<LookupRequest>): ReturnType<LookupRequest> {
  return (options) => {
    const protocol = make(options);
    const { response } = protocol;
    const parse = async (data: unknown): Promise<unknown> => {
      try {
        return await response.parse(data);
      } catch (error) {
        const { topicErrors = [] } = data as CreatedTopics;
        for (const one of (error as TopicErrors).errors ?? []) {
          const words = topicErrors.find(({ topic }) => topic === one.topic)?.errorMessage ?? '';
          if (words !== '') one.message = words;
        }
        throw error;
      }
    };
    return { ...protocol, response: { decode: (data) => response.decode(data), parse } };
  };
}
