/** An operator of a plan, out of the engine's indented text. */
export interface Operator {
  name: string;
  detail: string;
  depth: number;
  rows: number | null;
  bytes: number | null;
  /** Time of its own, over all threads. */
  computeMs: number | null;
  metrics: [string, string][];
}

/** `1.5ms`, `12.25µs`, `3s`, `1m2s`, `2.31M`, `1,024`: what DataFusion writes. */
export function readMetric(text: string): number | null {
  const time = /^([\d.]+)(ns|µs|us|ms|s|m|h)$/.exec(text.trim());
  if (time) {
    const units = { ns: 1e-6, µs: 1e-3, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    return Number(time[1]) * units[time[2] as keyof typeof units];
  }
  const size = /^([\d.,]+)\s*(B|KB|MB|GB|TB|K|M|G|T)?$/.exec(text.trim());
  if (!size) return null;
  const factors: Record<string, number> = { B: 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };
  return Number((size[1] as string).replaceAll(',', '')) * (factors[size[2] ?? 'B'] ?? 1);
}

/** What the row `S3` of `EXPLAIN ANALYZE` counts. */
export interface Transfer {
  requests: number;
  bytes: number;
  /** The longest chain of requests each begun after the one before had ended. */
  rounds: number;
  cacheHits: number;
  cachedBytes: number;
  /** Time in which decoders had nothing to decode, over all of them. */
  waitedMs: number;
}

/** `requests=4, bytes=97, rounds=2, cache_hits=0, …, waited=61.2ms`; nothing of another text. */
export function readTransfer(text: string): Transfer | null {
  const measures = new Map(readMetrics(text));
  const value = (name: string) => readMetric(measures.get(name) ?? '');
  const [requests, bytes, rounds] = [value('requests'), value('bytes'), value('rounds')];
  if (requests === null || bytes === null || rounds === null) return null;
  return {
    requests,
    bytes,
    rounds,
    cacheHits: value('cache_hits') ?? 0,
    cachedBytes: value('cached_bytes') ?? 0,
    waitedMs: value('waited') ?? 0,
  };
}

/** Operators of `EXPLAIN ANALYZE`, outermost first. */
export function readPlan(text: string): Operator[] {
  return text
    .split('\n')
    .filter((line) => /^\s*\w*(Exec|Scan|Plan)?\b.*(:|metrics=\[|Exec)/.test(line))
    .map(readOperator);
}

function readOperator(line: string): Operator {
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const metricsAt = line.indexOf('metrics=[');
  const head = (metricsAt < 0 ? line : line.slice(0, metricsAt)).trim().replace(/,\s*$/, '');
  const colon = head.indexOf(':');
  const metrics = metricsAt < 0 ? [] : readMetrics(line.slice(metricsAt + 'metrics=['.length).replace(/\]\s*$/, ''));
  const value = (name: string) => {
    const found = metrics.find(([key]) => key === name)?.[1];
    return found === undefined ? null : readMetric(found);
  };
  return {
    name: (colon < 0 ? head : head.slice(0, colon)).replace(/Exec$/, ''),
    detail: colon < 0 ? '' : head.slice(colon + 1).trim(),
    depth: indent / 2,
    rows: value('output_rows'),
    bytes: value('bytes_scanned') ?? value('output_bytes'),
    computeMs: value('elapsed_compute'),
    metrics,
  };
}

/** Commas stand in values in brackets and between thousands, too. */
function readMetrics(text: string): [string, string][] {
  return [...text.matchAll(/(\w+)=((?:[^,=[{]|,(?!\s*\w+=)|\{[^}]*\}|\[[^\]]*\])*)/g)].map((match) => [
    match[1] as string,
    (match[2] as string).trim(),
  ]);
}
