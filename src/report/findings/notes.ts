// Finds what makes a trace less certain: wrong clocks, and what was left out.
import { isWork, leftOut } from '../about.js';
import { clean, duration } from '../format.js';
import type { Detector } from './finding.js';

// Clocks that agree to this many microseconds need no word.
const smallest = 1000;

/** Finds hosts whose clocks differ from the first host's, and what the times were corrected by. */
export const findSkew: Detector = ({ offsets, spans, root }) =>
  [...offsets].flatMap(([host, offset]) => {
    if (Math.abs(offset) < smallest) return [];
    const way = offset < 0 ? 'ahead of' : 'behind';
    const first = root.point.host ?? spans[0]?.point.host ?? 'the first host';
    return [
      {
        kind: 'skew' as const,
        sentence: `The clock of ${clean(host)} is ${duration(Math.abs(offset))} ${way} that of ${clean(first)}; the times of the findings are corrected by this.`,
        explains: 0,
        wins: 0,
        points: spans
          .filter(({ point }) => point.host === host)
          .slice(0, 1)
          .map(({ point }) => point),
        advice: 'Synchronise the clocks (NTP): the tree shows the times as they were stored.',
      },
    ];
  });

/** Finds the counts of what is not in the trace. */
export const findLeftOut: Detector = ({ tree }) => {
  const notes = tree.points.filter((point) => point.name === 'left_out' && !isWork(point));
  if (notes.length === 0) return [];
  return [
    {
      kind: 'left-out',
      sentence: `Not all is in the trace: ${clean(leftOut(notes.map(({ startInfo = {} }) => startInfo)))}.`,
      explains: 0,
      wins: 0,
      points: notes,
      advice: undefined,
    },
  ];
};
