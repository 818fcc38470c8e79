import { expect } from 'vitest';

/** How much slower than the aim a busy machine may be. `MEASURE=1` asks for the aims themselves. */
const PATIENCE = process.env.MEASURE ? 1 : 8;

/** Expects that something took at most so long, with patience for machines that have other work. */
export function expectWithin(took: number, aim: number, what: string): void {
  console.info(`${what}: ${took.toFixed(0)} ms, aim ${aim} ms`);
  expect(took, `${what} (aim ${aim} ms)`).toBeLessThan(aim * PATIENCE);
}
