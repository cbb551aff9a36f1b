import { readFileSync } from 'node:fs';

/** What the processors have done since the machine started, in ticks of all of them together. */
export interface MachineTime {
  readonly total: number;
  readonly busy: number;
  /** Ticks in which a processor had work and the hypervisor gave it to another machine. */
  readonly stolen: number;
}

/** Shares of all processors' time, 0 to 1. */
export interface Disturbance {
  readonly stolen: number;
  /** Taken by processes that are not the bench's own. */
  readonly others: number;
}

/** A tick of /proc/stat, in microseconds (USER_HZ is 100 on every Linux that Node runs on). */
const tick = 10_000;
/** Above this a round is run again: the noise of the figures themselves is about as large. */
const limits: Disturbance = { stolen: 0.02, others: 0.1 };
const nothing: MachineTime = { total: 0, busy: 0, stolen: 0 };

/** Zeros where there is no /proc/stat: nothing counts as disturbed there. */
export function machineTime(): MachineTime {
  try {
    return parseStat(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return nothing;
  }
}

/** Of the text of /proc/stat (proc_stat(5)); guest time is part of user time already. */
export function parseStat(text: string): MachineTime {
  const fields = text.slice(0, text.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, stolen = 0] = fields;
  const busy = user + nice + system + irq + softirq;
  return { total: busy + idle + iowait + stolen, busy, stolen };
}

/** @param ownCpu microseconds of CPU that the bench's own processes used between the two. */
export function disturbance(before: MachineTime, after: MachineTime, ownCpu: number): Disturbance {
  const total = after.total - before.total;
  if (total <= 0) return { stolen: 0, others: 0 };
  const others = after.busy - before.busy - ownCpu / tick;
  return { stolen: (after.stolen - before.stolen) / total, others: Math.max(0, others / total) };
}

export function isDisturbed({ stolen, others }: Disturbance): boolean {
  return stolen > limits.stolen || others > limits.others;
}

/** Microseconds of CPU that another process has used so far; 0 when it is gone, or where there is no /proc. */
export function cpuOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may have spaces; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tick;
  } catch {
    return 0;
  }
}
