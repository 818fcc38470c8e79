import { selectRows } from '../api/query.ts';

export type RungStatus = 'ok' | 'warning' | 'failed' | 'not reached' | 'waiting';

export interface Rung {
  step: string;
  status: RungStatus;
  seen: string;
  cause: string;
  fix: string;
  call: string;
}

/** Rungs in their order, to be drawn while the answer is on its way. */
export const RUNGS = [
  'inputs',
  'server identity',
  'clock',
  'organization role',
  'assume role',
  'external id required',
  'session policy',
  'session duration',
  'session identity',
  'bucket and region',
  'list',
  'read',
  'sample file',
];

function rungOf(row: Record<string, string | null>): Rung {
  return {
    step: row.step ?? '',
    status: (row.status ?? 'not reached') as RungStatus,
    seen: row.seen ?? '',
    cause: row.cause ?? '',
    fix: row.fix ?? '',
    call: row.call ?? '',
  };
}

/** How long after the first refusal a new role is tried again by itself, and how often. */
const PATIENCE_MS = 60_000;
const RETRY_SECS = 5;

/** One run of VALIDATE, repeated while a new role may not be known everywhere yet. */
export class LadderRun {
  rungs = $state.raw<Rung[]>([]);
  isRunning = $state(false);
  problem = $state.raw<unknown>(null);
  /** Seconds until the next try; 0 when there is none. */
  countdown = $state(0);
  ranAt = $state('');
  #timer = 0;
  #abort: AbortController | null = null;
  #patienceUntil = 0;

  get failed(): Rung | undefined {
    return this.rungs.find((rung) => rung.status === 'failed');
  }

  get isGood(): boolean {
    return this.rungs.length > 0 && !this.failed && !this.rungs.some((rung) => rung.status === 'not reached');
  }

  /** Runs the statement. With `patient`, a refusal of the role is tried again for a minute. */
  async run(statement: string, patient = false): Promise<void> {
    this.stop();
    if (patient && !this.#patienceUntil) this.#patienceUntil = Date.now() + PATIENCE_MS;
    this.isRunning = true;
    this.problem = null;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const rungs = (await selectRows(statement, { signal: abort.signal })).map(rungOf);
      if (abort.signal.aborted) return;
      this.rungs = rungs;
      this.ranAt = new Date().toISOString();
    } catch (failure) {
      if (!abort.signal.aborted) this.problem = failure;
    } finally {
      if (this.#abort === abort) this.isRunning = false;
    }
    if (patient && this.failed?.step === 'assume role' && Date.now() < this.#patienceUntil) {
      this.#countDown(() => void this.run(statement, true));
    }
  }

  #countDown(then: () => void): void {
    this.countdown = RETRY_SECS;
    this.#timer = window.setInterval(() => {
      this.countdown -= 1;
      if (this.countdown > 0) return;
      clearInterval(this.#timer);
      then();
    }, 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.countdown = 0;
    this.#abort?.abort();
    this.isRunning = false;
  }
}

/** The key of the file that the ladder read, from its last rung. */
export function sampleOf(rungs: Rung[], bucket: string): string {
  const start = `s3://${bucket}/`;
  for (const rung of rungs) {
    if (rung.step !== 'sample file' || rung.status !== 'ok') continue;
    const found = new RegExp(`\`?(${start.replace(/[.]/g, '\\.')}[^\`]+?)\`?(?:,|$|\\s+\\d)`).exec(rung.seen)?.[1];
    if (found) return found.slice(start.length);
  }
  return '';
}
