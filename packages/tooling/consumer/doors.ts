// Compiled and run by ../test/packages.test.ts in a project that has installed the packages from their tarballs.
import * as core from '@parley/core';
import * as transport from '@parley/core/transport';
import * as testing from '@parley/testing';
import type * as conformance from '@parley/testing/conformance';
import * as kafka from '@parley/transport-kafka';
import * as memory from '@parley/transport-memory';
import * as redis from '@parley/transport-redis';
import * as tcp from '@parley/transport-tcp';

/** Only its types: at run time it works inside vitest, which registers its tests. */
export type Conformance = typeof conformance;

const doors = { core, transport, testing, memory, tcp, redis, kafka };

for (const [name, door] of Object.entries(doors)) console.log(`${name}: ${Object.keys(door).length} exports`);
