// The token that a server asks for when others than its own machine reach it: it stands in the printed address, and is
// kept for this address alone. It leaves the browser only as a header of our own requests.

const stored = 'ostrace-token';

/**
 * Moves the token out of the address, so that no link or history has it. The printed address may also be pasted into a
 * page that is open, so the address is looked at whenever it changes.
 */
export function takeToken(): void {
  const params = new URLSearchParams(location.hash.slice(1));
  const given = params.get('token');
  if (given === null) return;
  params.delete('token');
  history.replaceState(null, '', `${location.pathname}#${params.toString()}`);
  try {
    localStorage.setItem(stored, given);
  } catch {
    // A browser that stores nothing asks for the printed address again.
  }
}

/** The headers with which our own requests say that they may be answered. */
export function tokenHeaders(): Readonly<Record<string, string>> {
  try {
    const token = localStorage.getItem(stored);
    return token === null ? {} : { 'x-ostrace-token': token };
  } catch {
    return {};
  }
}
