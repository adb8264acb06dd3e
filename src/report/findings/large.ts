// Answers that are very large.
import { count } from '../../trace/count.js';
import type { Span } from '../analysis/span.js';
import { numberFact } from '../facts.js';
import { isCursor } from './calls.js';
import { type Detector, alongPath, matters } from './finding.js';
import { codeOf, nameOf, placeOf, soonerBy, timeOf } from './words.js';

const manyRows = 5000;

/** How many rows a call of a database gave. */
const rowsOf = ({ point }: Span): number => numberFact(point.stopInfo, 'db', 'rows') ?? 0;

/** Whether a call's answer is so large that reading it takes its time. */
export const isLarge = (span: Span): boolean => rowsOf(span) >= manyRows;

/** Finds calls with very many rows. */
export const findLarge: Detector = (analysis) =>
  alongPath(analysis, (span, { from, to, drag }) => {
    const explains = to - from;
    if (span.point.name !== 'db' || !isLarge(span) || isCursor(span)) return [];
    if (!matters(explains, analysis, { share: 0.1, micros: 20_000 })) return [];
    const rows = count(rowsOf(span), 'row');
    return [
      {
        kind: 'large-result',
        sentence: `${nameOf(span)}${placeOf(span, analysis)} gave ${rows}: ${timeOf(explains, analysis)}${codeOf([span])}.`,
        explains,
        wins: drag,
        points: [span.point],
        advice: `Ask for fewer rows (limit, where), let the database add them up, or read them in pieces by a cursor.${soonerBy(drag, analysis)}`,
      },
    ];
  });
