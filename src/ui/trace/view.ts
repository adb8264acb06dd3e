// The state of the view of a trace, and everything that changes it. The address keeps it.
import { type ReadonlySignal, type Signal, computed, effect, signal } from '@preact/signals';
import { address, keep } from '../address.js';
import { type Target, flag } from '../../report/page/page-trace.js';
import { type Model, type Row, isGap, isRepeat, targetOf } from './model.js';
import { firstOpen, reveal, rowsThatOpen, visibleRows } from './rows.js';

/** A part of the time. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The state of the view of a trace. */
export interface View {
  readonly model: Model;
  /** The name of the view: `waterfall`. */
  readonly name: Signal<string>;
  readonly chosen: Signal<Row>;
  readonly open: Signal<ReadonlySet<Row>>;
  readonly rows: ReadonlySignal<Int32Array>;
  readonly window: Signal<Window>;
  /** The whole time that there is to show. */
  readonly whole: Window;
  readonly onlyPath: Signal<boolean>;
  readonly colour: Signal<'kind' | 'service'>;
  readonly isPanelOpen: Signal<boolean>;
  /** Whether the verdict is one line and the bar. */
  readonly isSlim: Signal<boolean>;
  /** The line of the key that was clicked, itself or a part of it, until Esc lets it go or the trace grows. */
  readonly held: Signal<number | undefined>;
  /** The line of the key that is under the pointer, itself or a part of it. */
  readonly hovered: Signal<number | undefined>;
  /** The line of the key that is shown as picked: the hovered one before the held one; undefined for none. */
  readonly picked: ReadonlySignal<number | undefined>;
  readonly query: Signal<string>;
  /** Counts the wishes to bring the chosen row into view. */
  readonly wish: Signal<{ readonly count: number; readonly focus: boolean }>;
}

const shortest = 10;

/**
 * Makes the state of a view as the address has it.
 *
 * @param before the view of the same trace when it had fewer points: what was open in it stays open
 */
export function viewOf(model: Model, before?: View): View {
  const { trace } = model;
  const params = address.peek();
  const whole = { from: Math.min(0, trace.from), to: Math.max(trace.duration, trace.to, 1) };
  const chosen = signal<Row>(rowNamed(model, params.get('sel')) ?? firstChosen(model));
  const first = firstOpen(model);
  reveal(model, first, chosen.peek());
  if (before !== undefined) for (const row of openIn(before, model)) first.add(row);
  const open = signal<ReadonlySet<Row>>(first);
  const onlyPath = signal(params.get('path') === '1');
  const held = signal<number | undefined>(undefined);
  const hovered = signal<number | undefined>(undefined);
  const view: View = {
    model,
    name: signal(params.get('view') ?? 'waterfall'),
    chosen,
    open,
    rows: computed(() => visibleRows(model, open.value, onlyPath.value)),
    window: signal(within(whole, Number(params.get('a') ?? whole.from), Number(params.get('b') ?? whole.to))),
    whole,
    onlyPath,
    colour: signal(params.get('by') === 'service' ? 'service' : 'kind'),
    isPanelOpen: signal(params.has('panel') ? params.get('panel') === '1' : isPanelFirst(model)),
    isSlim: signal(params.get('slim') === '1'),
    held,
    hovered,
    picked: computed(() => hovered.value ?? held.value),
    query: signal(params.get('q') ?? ''),
    // A trace that grows stays where its reader has scrolled to.
    wish: signal({ count: before === undefined && params.has('sel') ? 1 : 0, focus: false }),
  };
  return view;
}

/** The rows of a trace that were open when it had fewer points. */
function openIn(before: View, model: Model): readonly Row[] {
  const points = new Map(model.trace.points.id.map((id, point) => [id, point]));
  const old = before.model;
  return [...before.open.peek()].flatMap((row) => {
    const first = isGap(old, row) ? undefined : old.members(row)[0];
    const point = first === undefined ? undefined : points.get(old.trace.points.id[first]!);
    if (point === undefined) return [];
    const repeat = model.trace.points.repeat[point]!;
    return [isRepeat(old, row) && repeat >= 0 ? model.rowOf({ repeat }) : model.rowOf({ point })];
  });
}

/** What the first finding is about is chosen at first. */
function firstChosen(model: Model): Row {
  const target = model.trace.findings[0]?.target ?? null;
  return target === null ? 0 : model.rowOf(target);
}

/** Whether the panel stands beside the rows, and does not cover them. */
const hasRoomForPanel = (): boolean => innerWidth >= 1180;

/** Whether the panel is open at first: it then shows what to do about the first finding. */
const isPanelFirst = ({ trace }: Model): boolean => hasRoomForPanel() && trace.findings.length > 0;

/** Writes the state into the address whenever it changes. */
export function keepInAddress(view: View): () => void {
  return effect(() => {
    const { from, to } = view.window.value;
    const isWhole = from === view.whole.from && to === view.whole.to;
    keep({
      view: view.name.value === 'waterfall' ? '' : view.name.value,
      sel: view.chosen.value === firstChosen(view.model) ? '' : nameOfRow(view.model, view.chosen.value),
      path: view.onlyPath.value ? '1' : '',
      by: view.colour.value === 'kind' ? '' : 'service',
      panel: view.isPanelOpen.value === isPanelFirst(view.model) ? '' : view.isPanelOpen.value ? '1' : '0',
      slim: view.isSlim.value ? '1' : '',
      q: view.query.value,
      a: isWhole ? '' : String(Math.round(from)),
      b: isWhole ? '' : String(Math.round(to)),
    });
  });
}

/** A row in a link: a point by its id, which stays when others arrive. */
function nameOfRow(model: Model, row: Row): string {
  const target = targetOf(model, row);
  const { id } = model.trace.points;
  if ('point' in target) return `p${id[target.point]!.toString(36)}`;
  if ('repeat' in target) return `r${id[model.members(row)[0]!]!.toString(36)}`;
  return `g${target.gap}`;
}

function rowNamed(model: Model, name: string | null): Row | undefined {
  const [, kind, rest = ''] = /^([prg])([0-9a-z]+)$/.exec(name ?? '') ?? [];
  const { id, repeat } = model.trace.points;
  if (kind === undefined) return undefined;
  if (kind === 'g')
    return Number(rest) < model.trace.gaps.length ? model.rowOf({ gap: Number(rest) }) : undefined;
  const point = id.indexOf(Number.parseInt(rest, 36));
  if (point < 0) return undefined;
  return kind === 'r' && repeat[point]! >= 0
    ? model.rowOf({ repeat: repeat[point]! })
    : model.rowOf({ point });
}

/** A window of at least a few microseconds that lies within the whole. */
function within(whole: Window, from: number, to: number): Window {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return whole;
  const length = Math.min(whole.to - whole.from, Math.max(shortest, to - from));
  const start = Math.max(whole.from, Math.min(from, whole.to - length));
  return { from: start, to: start + length };
}

/** Shows a part of the time. */
export function zoomTo(view: View, from: number, to: number): void {
  view.window.value = within(view.whole, from, to);
}

/**
 * Zooms in or out around a moment.
 *
 * @param factor below 1 shows less time
 * @param at from 0 to 1, the place in the window that stays where it is
 */
export function zoomBy(view: View, factor: number, at = 0.5): void {
  const { from, to } = view.window.peek();
  const moment = from + (to - from) * at;
  const length = (to - from) * factor;
  zoomTo(view, moment - length * at, moment + length * (1 - at));
}

/** Moves the window by a part of its length. */
export function moveBy(view: View, part: number): void {
  const { from, to } = view.window.peek();
  const step = (to - from) * part;
  zoomTo(view, from + step, to + step);
}

/** Shows the time of the chosen row, with a little room around it. */
export function zoomToRow(view: View, row: Row): void {
  const { start, end } = view.model;
  const room = (end[row]! - start[row]!) * 0.06;
  zoomTo(view, start[row]! - room, end[row]! + room);
}

/** Shows all of the time. */
export function zoomOut(view: View): void {
  view.window.value = view.whole;
}

/**
 * Chooses a row, and brings it into view.
 *
 * @param how whether its details are opened, and whether the focus follows
 */
export function choose(
  view: View,
  row: Row,
  { panel = false, focus = false }: { readonly panel?: boolean; readonly focus?: boolean } = {},
): void {
  if (view.onlyPath.peek() && view.model.isOnPath[row] === 0) view.onlyPath.value = false;
  const open = new Set(view.open.peek());
  const before = open.size;
  reveal(view.model, open, row);
  if (open.size !== before) view.open.value = open;
  view.chosen.value = row;
  if (panel) view.isPanelOpen.value = true;
  view.wish.value = { count: view.wish.peek().count + 1, focus };
}

/** Opens or closes a row. */
export function toggle(view: View, row: Row): void {
  const open = new Set(view.open.peek());
  if (!open.delete(row)) open.add(row);
  view.open.value = open;
}

/** Opens all rows, or closes all but the root. */
export function openAll(view: View, isOpen: boolean): void {
  view.open.value = isOpen ? rowsThatOpen(view.model) : new Set([0]);
  if (!isOpen) view.chosen.value = 0;
}

/** Chooses the row of a finding, of a part; its details are opened where they cover no rows. */
function chooseTarget(view: View, target: Target): void {
  choose(view, view.model.rowOf(target), { panel: hasRoomForPanel() });
}

/** Picks a line of the key, and shows its row. */
export function pick(view: View, key: number): void {
  view.held.value = key;
  chooseTarget(view, view.model.trace.keys[key]!.target);
}

/** Picks no line of the key, also if the pointer is still on one. */
export function letGo(view: View): void {
  view.held.value = undefined;
  view.hovered.value = undefined;
}

/** Chooses the row of a finding; the number counts from 1. */
export function chooseFinding(view: View, number: number): void {
  const target = view.model.trace.findings[number - 1]?.target ?? null;
  if (target !== null) chooseTarget(view, target);
}

/** Chooses the next row, or the one before, of those that a test accepts, wherever they are in the tree. */
export function chooseNext(view: View, isWanted: (row: Row) => boolean, step: 1 | -1): void {
  const order = visibleRows(view.model, rowsThatOpen(view.model), false);
  const at = order.indexOf(view.chosen.peek());
  for (let i = 1; i <= order.length; i++) {
    const row = order[(at + step * i + order.length * 2) % order.length]!;
    if (isWanted(row)) return choose(view, row);
  }
}

/** Whether a row failed or has no end; a repeat is passed over for its points. */
export const isTrouble =
  ({ flags, points }: Model) =>
  (row: Row): boolean =>
    row < points && (flags[row]! & (flag.failed | flag.open)) !== 0;
