/** For what nobody waits for: its failure is of no interest, and must not be left unhandled. */
export function observe(sent: Promise<void> | undefined): void {
  sent?.catch(() => undefined);
}
