/** What a promise rejects with, observed from now on, so that it may be awaited later. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('It did not reject');
}
