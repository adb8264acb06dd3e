// The page between a signed request and the first point of its trace: how far the request is, and why nothing comes.
import { useEffect, useState } from 'preact/hooks';
import { clean, duration } from '../../report/format.js';
import type { Sent } from '../../report/page/list-types.js';
import { address, isLeaving } from '../address.js';
import { rowsOf, sentState } from '../list/server.js';

const pollMs = 400;
/** After this time nothing may come any more. */
const doubtMs = 6000;

export function SentPage(): preact.JSX.Element {
  const base_id = address.value.get('sent') ?? '';
  const [sent, setSent] = useState<Sent | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isDoubtful, setDoubtful] = useState(false);
  useEffect(() => {
    document.title = 'Waiting for a trace · ostrace';
    const startedAt = Date.now();
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const turn = async (): Promise<void> => {
      try {
        const state = await sentState(base_id);
        if (isOver) return;
        setSent(state);
        const [row] = await rowsOf([base_id], '');
        if (isOver) return;
        // In the place of this page: back leads to the list.
        if ((row?.points ?? 0) > 0 && !isLeaving()) return location.replace(`#trace=${base_id}`);
        setProblem(undefined);
      } catch (error) {
        if (isOver) return;
        setProblem((error as Error).message);
      }
      setDoubtful(Date.now() - startedAt > doubtMs);
      timer = setTimeout(() => void turn(), pollMs);
    };
    void turn();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [base_id]);
  return (
    <main class="s-sent">
      <h1>Waiting for the first point of the trace</h1>
      <p role="status">{sent === undefined ? 'The request is being sent.' : wordsOf(sent)}</p>
      {problem !== undefined && (
        <p class="bad" role="alert">
          {clean(problem)}
        </p>
      )}
      {(isDoubtful || sent?.state === 'failed') && (
        <p>
          Nothing of trace <code>{base_id}</code> has arrived. Does the service run with OSTRACE_ENABLED=true,
          has its OSTRACE_HMAC_KEYS this key, and does its OSTRACE_CONNECTION_STRING name this store?{' '}
          <code>npx ostrace doctor</code> says why.
        </p>
      )}
      <p>
        <a href="#">All traces</a>
      </p>
    </main>
  );
}

function wordsOf({ state, status, duration: micros = 0, redirect, error }: Sent): string {
  if (state === 'waiting') return 'The request is sent; its response has not come yet.';
  if (state === 'failed') return `The request failed: ${clean(error ?? '')}`;
  const where = redirect === undefined ? '' : `, and redirects to ${clean(redirect)}, which is not followed`;
  return `The service answered ${status} in ${duration(micros)}${where}.`;
}
