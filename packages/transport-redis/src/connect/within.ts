/** Resolves when `work` is settled, or after `timeout` ms. */
export async function within(timeout: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([Promise.allSettled([work]), late]);
  clearTimeout(timer);
}
