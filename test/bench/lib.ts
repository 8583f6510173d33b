/** What every bench shares: one shape of result, statistics, interleaving, a bounded load. */

export interface Row {
  /** What was measured, as the table shows it. */
  name: string;
  unit: string;
  ours: number;
  /** The same work without Polaris (or without what is measured), taken in the same run. */
  floor?: number;
  p50?: number;
  p99?: number;
  /** As people read it: `≤ 1.5× floor`. */
  target: string;
  /** Undefined: a figure to know, without a target. */
  pass?: boolean;
  note?: string;
}

/** A bench that cannot run here says why. */
export interface Skipped {
  name: string;
  skipped: string;
}

export type Result = Row | Skipped;

export interface Size {
  /** Shorter runs, for work on a bench itself: the figures do not count. */
  quick: boolean;
  /** The program as people get it. */
  program: string;
  /** A program that does nothing, built like ours. */
  hello: string;
}

export interface Bench {
  name: string;
  about: string;
  run(size: Size): Promise<Result[]>;
}

export interface Summary {
  n: number;
  min: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  mean: number;
}

export function summary(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return {
    n: sorted.length,
    min: at(0),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    mean,
  };
}

/** Every variant once a round, each round beginning with another one: noise of the machine meets all alike. */
export async function interleave<K extends string>(
  rounds: number,
  variants: Record<K, () => number | Promise<number>>,
  warmup = 3,
): Promise<Record<K, Summary>> {
  const names = Object.keys(variants) as K[];
  const samples = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + warmup) % names.length];
      if (name === undefined) continue;
      const ms = await variants[name]();
      if (round >= 0) samples.get(name)?.push(ms);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, summary(samples.get(name) ?? [])]),
  ) as Record<K, Summary>;
}

export interface Load extends Summary {
  /** Calls of `work` in a second. */
  rate: number;
  seconds: number;
}

/** So many clients, each calling again as soon as it is answered, until the time is over or `work` answers false. */
export async function load(
  clients: number,
  seconds: number,
  work: (client: number, turn: number) => Promise<unknown>,
): Promise<Load> {
  const samples: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  const client = async (_: unknown, number: number) => {
    for (let turn = 0; performance.now() < end; turn++) {
      const at = performance.now();
      if ((await work(number, turn)) === false) return;
      samples.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const took = (performance.now() - began) / 1000;
  return { ...summary(samples), rate: samples.length / took, seconds: took };
}
