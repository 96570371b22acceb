/** One series of a scrape. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/y;

/**
 * Reads the text format of Prometheus as strictly as that is written down: each metric has its HELP and TYPE, then its samples,
 * once; no series comes twice; counters, and only they, end in `_total`.
 */
export function parseMetrics(text: string): ParsedSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const samples: ParsedSample[] = [];
  const seen = new Set<string>();
  let current: string | undefined;
  let helped: string | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_]+) (?:[^\\]|\\[\\n])+$/.exec(line)?.[1];
    const [, typed, type] = /^# TYPE ([a-z_]+) (gauge|counter)$/.exec(line) ?? [];
    if (help !== undefined) helped = once(help, seen);
    else if (typed !== undefined) {
      if (typed !== helped) throw new Error(`no HELP before ${line}`);
      if (typed.endsWith('_total') !== (type === 'counter')) throw new Error(`${typed} is no ${type}`);
      current = typed;
    } else {
      const sample = parseSample(line);
      if (sample.name !== current) throw new Error(`${line} is not below its TYPE`);
      once(`${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`, seen);
      samples.push(sample);
    }
  }
  return samples;
}

/** The values of a metric, by the labels that are asked for. */
export function valuesOf(samples: readonly ParsedSample[], name: string, ...labels: readonly string[]) {
  const found = samples.filter((sample) => sample.name === name);
  return Object.fromEntries(
    found.map((sample) => [labels.map((label) => sample.labels[label]).join(' '), sample.value]),
  );
}

function once(what: string, seen: Set<string>): string {
  if (seen.has(what)) throw new Error(`${what} comes twice`);
  seen.add(what);
  return what;
}

function parseSample(line: string): ParsedSample {
  const [, name = '', inBraces, text = ''] = /^([a-z_]+)(?:\{(.+)\})? (\S+)$/.exec(line) ?? [];
  if (!/^([+-]Inf|NaN|-?\d+(\.\d+)?(e[+-]\d+)?)$/.test(text)) throw new Error(`this is no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let at = 0; inBraces !== undefined && at < inBraces.length; ) {
    LABEL.lastIndex = at;
    const [whole = '', label = '', value = ''] = LABEL.exec(inBraces) ?? [];
    if (whole === '' || label in labels) throw new Error(`these are no labels: ${line}`);
    labels[label] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    at += whole.length;
    if (at < inBraces.length && inBraces[at++] !== ',') throw new Error(`these are no labels: ${line}`);
  }
  return { name, labels, value: Number(text.replace('Inf', 'Infinity')) };
}
