// Where the reader is: the address is the state, so that every view has a link.

import { part } from './api';

export const route = $state({ path: location.pathname, query: new URLSearchParams(location.search) });

function take(): void {
  route.path = location.pathname;
  route.query = new URLSearchParams(location.search);
}
addEventListener('popstate', take);

export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  take();
  if (!replace) document.getElementById('main')?.scrollTo(0, 0);
}

/** Changes parts of the query; an empty value takes one out. */
export function ask(changes: Record<string, string | null>, replace = true): void {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(route.path + (text ? `?${text}` : ''), replace);
}

/** Follows links of the console itself without loading the page anew. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export const to = {
  incident: (id: string): string => `/incidents/${part(id)}`,
  finding: (id: string): string => `/detections?finding=${part(id)}`,
  /** Where a change is shown: beside what it is about. */
  change: (of: { purpose: string; subject: string }): string => (of.purpose === 'quarantine' || of.purpose === 'leash' ? to.app(of.subject) : of.purpose === 'unshare' ? to.share(of.subject) : to.node(of.subject)),
  app: (key: string): string => `/apps?key=${part(key)}`,
  share: (key: string): string => `/data?view=shares&thing=${part(key)}`,
  node: (key: string): string => `/identities?key=${part(key)}`,
  entry: (index: number): string => `/ledger?entry=${index}`,
  environment: (key: string): string => `/exposure?environment=${part(key)}`,
};
