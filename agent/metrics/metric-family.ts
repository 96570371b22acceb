/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as Prometheus knows it. A counter's name ends in `_total`. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One scrape is at most about this long. */
const MOST_BYTES = 1_000_000;
/** Longer values of labels are cut: they come from manifests and from what hosts say. */
const MOST_LABEL_CHARACTERS = 200;

/**
 * The text format of Prometheus, version 0.0.4. Metrics without samples are left out. What would make it too long is left
 * out as well, whole metrics from the end on, and `hawser_metrics_left_out` says how many.
 */
export function formatMetrics(families: readonly MetricFamily[], mostBytes = MOST_BYTES): string {
  const texts = families.filter(({ samples }) => samples.length > 0).map(formatFamily);
  let sizeBytes = 0;
  const kept = texts.filter((text) => {
    sizeBytes += Buffer.byteLength(text);
    return sizeBytes <= mostBytes;
  });
  const leftOut = formatFamily({
    name: 'hawser_metrics_left_out',
    type: 'gauge',
    help: 'Metrics that are missing here, because the answer would be too long.',
    samples: [{ value: texts.length - kept.length }],
  });
  return [...kept, leftOut].join('');
}

function formatFamily({ name, type, help, samples }: MetricFamily): string {
  // Labels that are alike once they are cut would make Prometheus refuse the whole.
  const lines = new Map<string, string>();
  for (const { labels = {}, value } of samples) {
    const series = `${name}${formatLabels(labels)}`;
    if (!lines.has(series)) lines.set(series, `${series} ${formatValue(value)}\n`);
  }
  return `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n${[...lines.values()].join('')}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** Of control characters the format escapes only the line feed; the others are data that nobody needs. */
function escapeLabel(value: string): string {
  const shown = value
    .slice(0, MOST_LABEL_CHARACTERS)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
  return escapeText(shown).replaceAll('"', '\\"');
}
