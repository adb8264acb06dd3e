// Checks which requests began a trace in a program, and why others did not.
import { infoHeader, hmacHeader, timeHeader } from '../trace/headers.js';
import type { ProcessReport } from '../diagnosis/process-report.js';
import { refusedForAge, refusedForKey } from '../trace/refusal.js';
import type { Check } from './doctor-checks.js';
import type { Asked } from './doctor-request.js';

const all = `${infoHeader}, ${hmacHeader} and ${timeHeader}`;

/**
 * Checks what happened to requests in a program.
 *
 * @param asked the request that was sent to it; undefined if none was
 * @param listensThere whether it has the port to which that request was sent; undefined if that is unknown
 */
export function checkTriggers(
  report: ProcessReport,
  asked: Asked | undefined,
  listensThere: boolean | undefined,
): Check[] {
  const checks: Check[] = [];
  const add = (status: Check['status'], says: string): void =>
    void checks.push({ name: 'request', status, says });
  const { triggered, requests } = report;
  const count = triggered === 1 ? '1 request' : `${triggered || 'no'} requests`;
  add('ok', `${count} began a trace in the program`);
  const refused = Object.entries(report.refused);
  for (const [reason, times] of refused) {
    const headers = times === 1 ? '1 trace header was' : `${times} trace headers were`;
    add(
      'problem',
      `${headers} refused: ${reason}${asked === undefined ? '' : adviceOn(reason, report, asked)}`,
    );
  }
  if (asked === undefined || triggered > 0 || refused.length > 0) return checks;
  if (requests > 0) {
    const came = requests === 1 ? '1 request came' : `${requests} requests came`;
    add(
      'problem',
      `${came} to the program without a trace header: something in between drops it; a proxy, gateway or load balancer must let ${all} through`,
    );
  } else if (asked.isAnswered && asked.isFound !== true) {
    add('problem', `no request came to the program: ${whoAnswers(listensThere)}`);
  }
  return checks;
}

function whoAnswers(listensThere: boolean | undefined): string {
  const other = 'another process answers at that URL';
  const unseen = "its server is not Node's http or http2, and ostrace does not see it";
  if (listensThere === undefined) return `${other}, or ${unseen}`;
  return listensThere ? unseen : other;
}

/** Explains why a header was refused that was signed just now. */
function adviceOn(reason: string, { lastRefused, maxAge }: ProcessReport, { info }: Asked): string {
  if (reason.startsWith(refusedForKey)) {
    return lastRefused?.info === info
      ? '; it arrived unchanged, so the program does not have the key that doctor signs with'
      : '; it was changed on its way, perhaps by a proxy';
  }
  const age = lastRefused?.age;
  if (reason.startsWith(refusedForAge) && age !== undefined) {
    const clock = age < 0 ? 'behind' : 'ahead of';
    return `; it was signed just now, so the program's clock is ${Math.abs(age)} s ${clock} the one here, and its OSTRACE_HMAC_MAX_AGE is ${maxAge}`;
  }
  return reason.startsWith('there is no') || reason.includes('beside it')
    ? `; it was sent, so something in between drops it: a proxy must let ${all} through`
    : '';
}
