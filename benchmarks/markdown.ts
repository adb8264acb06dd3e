// Writes tables and numbers as Markdown.
import type { Summary } from './statistics.js';

/** A table as lines of Markdown, and an empty line behind it. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''];
}

/** A measured value and its budget. */
export interface Budget {
  readonly node: string;
  readonly what: string;
  readonly most: number;
  readonly measured: number;
  readonly unit: string;
  readonly digits?: number;
}

export function budgetTable(budgets: readonly Budget[]): string[] {
  const rows = budgets.map(({ node, what, most, measured, unit, digits = 1 }) => [
    node,
    what,
    `${most} ${unit}`,
    `${text(measured, digits)} ${unit}`,
    measured <= most ? 'met' : '**missed**',
  ]);
  return ['### Budgets', '', ...table(['Node', 'what', 'at most', 'measured', ''], rows)];
}

export function plot(file: string, what: string): string[] {
  return [`![${what}](plots/${file})`, ''];
}

/** A number with a real minus sign. */
export function text(value: number, digits: number): string {
  const fixed = value.toFixed(digits);
  // "-0.0" is nothing
  return Number(fixed) === 0 ? (0).toFixed(digits) : fixed.replace('-', '−');
}

/** A difference. */
export function signed(value: number, digits: number): string {
  return `${value > 0 && Number(value.toFixed(digits)) !== 0 ? '+' : ''}${text(value, digits)}`;
}

export function quartiles({ low, high }: Summary, digits: number): string {
  return `(${text(low, digits)}…${text(high, digits)})`;
}

export function grouped(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}
