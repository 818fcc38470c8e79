import { spawn, type ChildProcess } from 'node:child_process';

const START_MS = 30_000;
const STOP_MS = 20_000;

/** The binary under test. */
export function stagedoor(): string {
  const path = process.env.STAGEDOOR_BIN;
  if (!path) throw new Error('STAGEDOOR_BIN says which binary is tested; `cargo xtask test --web` sets it');
  return path;
}

/** A program that runs beside the tests; what it says is kept. */
export class Program {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: string[],
    private readonly name: string,
  ) {}

  static start(name: string, args: string[], env: Record<string, string>): Program {
    const child = spawn(stagedoor(), args, {
      // Nothing of the machine's own AWS settings.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', RUST_LOG: 'info', RUST_BACKTRACE: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const program = new Program(child, lines, name);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => lines.push(text));
    }
    return program;
  }

  said(): string {
    // eslint-disable-next-line no-control-regex
    return this.lines.join('').replace(/\u001b\[[0-9;]*m/g, '');
  }

  /** The first match of a pattern in what it says. */
  async waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const match = this.said().match(pattern);
      if (match) return match;
      if (this.child.exitCode !== null) throw new Error(`${this.name} ended with ${this.child.exitCode}:\n${this.said()}`);
      if (Date.now() > deadline) throw new Error(`${this.name} did not say ${pattern}:\n${this.said()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}
