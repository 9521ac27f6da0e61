// Who is reading, and what they may do.

import { carry, change, Problem, read } from './api';
import { connect, disconnect } from './live.svelte';
import type { Ability, Session } from './types';

export const session = $state<{ is: Session | null; state: 'asking' | 'out' | 'in'; problem: Problem | null }>({ is: null, state: 'asking', problem: null });

function enter(found: Session): void {
  carry(found.csrf);
  session.is = found;
  session.state = 'in';
  session.problem = null;
  connect();
}

/** Takes the one-time code from the address's fragment, which no server ever sees, and removes it there. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('login');
  if (code !== null) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

export async function logIn(code: string): Promise<void> {
  try {
    enter(await change<Session>('POST', '/session', { code: code.trim() }));
  } catch (error) {
    session.state = 'out';
    session.problem = error instanceof Problem ? error : new Problem(0, 'Logging in failed', String(error), 'Reload the page.');
  }
}

export async function begin(): Promise<void> {
  const code = takeCode();
  if (code) return logIn(code);
  try {
    enter(await read<Session>('/session'));
  } catch (error) {
    session.state = 'out';
    session.problem = error instanceof Problem && error.status !== 401 ? error : null;
  }
}

export async function logOut(): Promise<void> {
  await change('DELETE', '/session').catch(() => undefined);
  disconnect();
  carry(null);
  session.is = null;
  session.state = 'out';
}

export const may = (ability: Ability): boolean => session.is?.actions.includes(ability) ?? false;
