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

/** Why the identity provider's login came to nothing, by the kind that the address carries. */
const REFUSED: Record<string, [string, string]> = {
  late: ['The login took too long, or began in another browser', 'Begin again, in this window.'],
  denied: ['The identity provider refused the login', 'Ask whoever runs it to let you use Firebreak.'],
  provider: ['The identity provider does not answer as it must', 'The log of `firebreak run` says why. A login link works meanwhile.'],
  token: ['The identity provider’s answer is not for this login', 'Begin again; if it stays, the log of `firebreak run` says why.'],
  unnamed: ['The identity provider does not say who you are, or has not verified your address', 'Have your address verified there, then log in again.'],
  'no-role': ['None of your groups may use Firebreak', 'Ask an admin: `[[console.oidc.role]]` says which group may do what.'],
};

function takeRefusal(): Problem | null {
  const kind = new URLSearchParams(location.hash.slice(1)).get('refused');
  if (kind === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  const [title, hint] = REFUSED[Object.hasOwn(REFUSED, kind) ? kind : 'token'] ?? ['', ''];
  return new Problem(0, title, '', hint);
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
  const refused = takeRefusal();
  try {
    enter(await read<Session>('/session'));
  } catch (error) {
    session.state = 'out';
    session.problem = refused ?? (error instanceof Problem && error.status !== 401 ? error : null);
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
