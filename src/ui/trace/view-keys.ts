// The keys of the page for one trace.
import type { KeyGroup } from '../keys.js';
import { changeTheme } from '../theme.js';
import { openHelp } from '../keys.js';
import { go, step } from './row-keys.js';
import { nextHit } from './search.js';
import { changeColour } from './tools.js';
import {
  type View,
  chooseFinding,
  chooseNext,
  isTrouble,
  letGo,
  moveBy,
  openAll,
  zoomBy,
  zoomOut,
  zoomToRow,
} from './view.js';
import { traceViews } from './views.js';

/** What the keys do that the view does not know by itself. */
interface Doing {
  readonly search: () => void;
  readonly copyLink: () => void;
}

const numbers = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** All keys, by groups, as the help shows them. */
export function keysOf(view: View, { search, copyLink }: Doing): readonly KeyGroup[] {
  const trouble = isTrouble(view.model);
  return [
    {
      title: 'Findings',
      keys: [
        {
          shown: ['1', '…', '9'],
          does: 'go to that finding',
          on: Object.fromEntries(numbers.map((key) => [key, () => chooseFinding(view, Number(key))])),
        },
        {
          shown: ['v'],
          does: 'verdict small or whole',
          on: { v: () => (view.isSlim.value = !view.isSlim.peek()) },
        },
        {
          shown: ['c'],
          does: 'critical path only',
          on: { c: () => (view.onlyPath.value = !view.onlyPath.peek()) },
        },
      ],
    },
    {
      title: 'Rows',
      keys: [
        {
          shown: ['↑', '↓', 'k', 'j'],
          does: 'row above, row below',
          on: {
            ArrowUp: () => step(view, -1),
            ArrowDown: () => step(view, 1),
            k: () => step(view, -1),
            j: () => step(view, 1),
          },
        },
        { shown: ['→', '←'], does: 'open, close; child, parent', on: {} },
        {
          shown: ['Home', 'End'],
          does: 'first row, last row',
          on: { Home: () => go(view, 0), End: () => go(view, Infinity) },
        },
        { shown: ['PgUp', 'PgDn'], does: 'a page of rows', on: {} },
        { shown: ['Enter'], does: 'details', on: {} },
        {
          shown: ['e', 'E'],
          does: 'next, previous failure',
          on: { e: () => chooseNext(view, trouble, 1), E: () => chooseNext(view, trouble, -1) },
        },
        {
          shown: ['o', 'O'],
          does: 'open all, close all',
          on: { o: () => openAll(view, true), O: () => openAll(view, false) },
        },
      ],
    },
    {
      title: 'Time',
      keys: [
        {
          shown: ['+', '−'],
          does: 'zoom in, zoom out',
          on: {
            '+': () => zoomBy(view, 0.7),
            '=': () => zoomBy(view, 0.7),
            '-': () => zoomBy(view, 1 / 0.7),
          },
        },
        {
          shown: ['⇧←', '⇧→'],
          does: 'move the window',
          on: { 'Shift+ArrowLeft': () => moveBy(view, -0.15), 'Shift+ArrowRight': () => moveBy(view, 0.15) },
        },
        { shown: ['z'], does: 'fit the chosen row', on: { z: () => zoomToRow(view, view.chosen.peek()) } },
        { shown: ['0'], does: 'all of the time', on: { 0: () => zoomOut(view) } },
      ],
    },
    {
      title: 'Find and look',
      keys: [
        { shown: ['/'], does: 'search', on: { '/': search } },
        {
          shown: ['n', 'N'],
          does: 'next, previous hit',
          on: { n: () => nextHit(view, 1), N: () => nextHit(view, -1) },
        },
        { shown: ['b'], does: 'colour by kind, by service', on: { b: () => changeColour(view) } },
        ...traceViews.map(({ name, label, key }) => ({
          shown: [key],
          does: label.toLowerCase(),
          on: { [key]: () => (view.name.value = name) },
        })),
        { shown: ['t'], does: 'light, dark', on: { t: changeTheme } },
        { shown: ['y'], does: 'copy a link to this view', on: { y: copyLink } },
        {
          shown: ['Esc'],
          does: 'clear the selection, close the details',
          on: { Escape: () => escape(view) },
        },
        { shown: ['?'], does: 'this help', on: { '?': openHelp } },
      ],
    },
  ];
}

function escape(view: View): void {
  if (view.picked.peek() !== undefined) letGo(view);
  else if (view.isPanelOpen.peek()) {
    view.isPanelOpen.value = false;
    document.getElementById(`row-${view.chosen.peek()}`)?.focus({ preventScroll: true });
  }
}
