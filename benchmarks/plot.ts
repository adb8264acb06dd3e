// Draws plots as plain SVG: for one page of results, a library would be more than it replaces.

const colours = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#9c6b4e',
  '#a463f2',
  '#97bbf5',
  '#9498a0',
  '#38761d',
  '#d5a6bd',
];
const font = 'font-family="system-ui, sans-serif" font-size="12" fill="#444"';

interface Bars {
  readonly title: string;
  readonly unit: string;
  /** One row of bars for each. */
  readonly groups: readonly { readonly label: string; readonly values: readonly number[] }[];
  /** The meaning of the bars of a row, in their order. */
  readonly series: readonly string[];
  /** A line that the bars are to be compared with. */
  readonly mark?: number;
  readonly digits?: number;
}

/** Horizontal bars, in groups. Values that are not numbers leave a gap; values below 0 are drawn as 0. */
export function bars({ title, unit, groups, series, mark, digits = 1 }: Bars): string {
  const [left, top, height, gap, width] = [190, 46 + 18 * series.length, 14, 12, 820];
  const values = groups.flatMap((group) => group.values).filter(Number.isFinite);
  const most = Math.max(mark ?? 0, ...values, Number.MIN_VALUE);
  const x = (value: number): number => left + (Math.max(0, value) / most) * (width - left - 90);
  const rowHeight = height * series.length + gap;
  const parts = legend(series, left);
  groups.forEach((group, row) => {
    const y = top + row * rowHeight;
    parts.push(label(left - 8, y + (height * series.length) / 2 + 4, group.label, 'end'));
    group.values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const at = y + i * height;
      parts.push(
        `<rect x="${left}" y="${at}" width="${round(x(value) - left)}" height="${height - 2}" fill="${colours[i % colours.length]}"/>`,
        label(x(value) + 4, at + height - 3, value.toFixed(digits), 'start', 11),
      );
    });
  });
  const bottom = top + groups.length * rowHeight;
  if (mark !== undefined) {
    parts.push(
      `<line x1="${round(x(mark))}" x2="${round(x(mark))}" y1="${top - 6}" y2="${bottom}" stroke="#444" stroke-dasharray="4 3"/>`,
    );
  }
  return document(`${title}, ${unit}`, width, bottom + 10, parts);
}

interface Lines {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

/** Lines over two logarithmic axes. */
export function lines({ title, x: xLabel, y: yLabel, series }: Lines): string {
  const [left, top, width, height] = [80, 40 + 18 * series.length, 820, 300];
  const points = series.flatMap((each) => each.points);
  const scale = (of: 0 | 1, from: number, to: number) => {
    const values = points.map((point) => Math.log10(point[of]));
    const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))];
    const span = Math.max(1, high - low);
    const at = (value: number): number => from + ((Math.log10(value) - low) / span) * (to - from);
    return { at, ticks: Array.from({ length: span + 1 }, (_, i) => 10 ** (low + i)) };
  };
  const x = scale(0, left, width - 20);
  const y = scale(1, top + height, top);
  const parts = legend(
    series.map(({ name }) => name),
    left,
  );
  for (const tick of x.ticks) {
    parts.push(
      grid(x.at(tick), top, x.at(tick), top + height),
      label(x.at(tick), top + height + 16, short(tick), 'middle'),
    );
  }
  for (const tick of y.ticks) {
    parts.push(
      grid(left, y.at(tick), width - 20, y.at(tick)),
      label(left - 8, y.at(tick) + 4, short(tick), 'end'),
    );
  }
  series.forEach(({ points: own }, i) => {
    const colour = colours[i % colours.length];
    const path = own.map(([px, py]) => `${round(x.at(px))},${round(y.at(py))}`);
    parts.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const point of path) {
      const [cx, cy] = point.split(',');
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
    }
  });
  parts.push(label((left + width) / 2, top + height + 36, xLabel, 'middle'));
  return document(`${title}: ${yLabel}`, width, top + height + 46, parts);
}

function document(title: string, width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    label(16, 24, title, 'start', 14),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function legend(names: readonly string[], left: number): string[] {
  return names.flatMap((name, i) => [
    `<rect x="${left}" y="${36 + 18 * i}" width="12" height="12" fill="${colours[i % colours.length]}"/>`,
    label(left + 18, 46 + 18 * i, name, 'start'),
  ]);
}

function grid(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`;
}

function label(x: number, y: number, value: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  const style = font.replace('12', String(size));
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${style}>${escaped(value)}</text>`;
}

/** A power of ten. */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(1)));
}

const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
