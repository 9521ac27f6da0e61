// The door to the API. Every answer is either what was asked for or a `Problem` that says what to do.

export class Problem extends Error {
  constructor(readonly status: number, readonly title: string, readonly detail: string, readonly hint: string) {
    super(detail || title);
  }
}

const BASE = '/api/v1';
let csrf: string | null = null;

/** The token that mutating calls carry: the session's own. */
export function carry(token: string | null): void {
  csrf = token;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

async function refusal(answer: Response): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const title = text(said.title) || `The server answered ${answer.status}`;
  return new Problem(answer.status, title, text(said.detail), text(said.hint) || 'Try again; if it stays, read the log of `firebreak run`.');
}

async function send(path: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, { credentials: 'same-origin', ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'Firebreak does not answer', 'The connection failed.', 'Is `firebreak run` still running? Firebreak goes on without this page.');
  }
}

/** Reads one answer. Empty filters are left out. */
export async function read<T>(path: string, filters: Record<string, string | number | null | undefined> = {}, signal?: AbortSignal): Promise<T> {
  const asked = Object.entries(filters).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const query = asked.length ? `?${new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))}` : '';
  const answer = await send(path + query, { headers: { Accept: 'application/json' }, signal: signal ?? null });
  if (!answer.ok) throw await refusal(answer);
  return (await answer.json()) as T;
}

/** Asks for a change. A repetition of the same call is one change: each carries a key of its own. */
export async function change<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
  if (csrf) headers['X-CSRF-Token'] = csrf;
  const answer = await send(path, { method, headers, body: JSON.stringify(body ?? {}) });
  if (!answer.ok) throw await refusal(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** Any text as a part of an address. Logs hold halves of characters too, of which no address can be made. */
export const part = (value: string): string => encodeURIComponent(value.toWellFormed());
