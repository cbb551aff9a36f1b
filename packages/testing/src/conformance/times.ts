/**
 * The times that the kit's tests give, in milliseconds, where one that strikes too soon would fail the test: each is far more
 * than what it covers takes, because a machine that is busy stands still for a second or two now and then.
 */

/** What passes between the sending of a request and its handling, or the first sign of its answer, at most. */
export const onTheWay = 3000;

/** Between two signs of life of a stream's sides. Three that are missed end it: so long a test waits for one who has vanished. */
export const leaseInterval = 1000;
