// A page of the console under test: the built files with the policy that the program sends, and an API whose answers
// are recorded ones (fixtures) unless a test says otherwise.

import { readFileSync, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';

const HERE = import.meta.dirname;
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export type Answers = Record<string, unknown>;
export const fixture = (name: string): any => JSON.parse(readFileSync(join(HERE, 'fixtures', `${name}.json`), 'utf8'));

/** Which fixture answers which path. */
export const PATHS: [RegExp, string][] = [
  [/^\/session$/, 'session'], [/^\/now$/, 'now'], [/^\/incidents$/, 'incidents'], [/^\/incidents\/[^/]+$/, 'incident'], [/^\/incidents\/[^/]+\/timeline$/, 'timeline'],
  [/^\/incidents\/[^/]+\/notes$/, 'notes'], [/^\/incidents\/[^/]+\/graph$/, 'graph'], [/^\/incidents\/[^/]+\/judgements$/, 'judgements'], [/^\/incidents\/[^/]+\/findings$/, 'findings'], [/^\/plans\/[^/]+$/, 'plan'],
  [/^\/findings$/, 'findings'], [/^\/findings\/[^/]+$/, 'finding'], [/^\/judgements$/, 'judgements'], [/^\/profiles$/, 'profiles'], [/^\/exposure\/who$/, 'who'],
  [/^\/identities$/, 'identities'], [/^\/map\/nodes$/, 'nodes'], [/^\/map\/node$/, 'node'], [/^\/questions$/, 'questions'], [/^\/data$/, 'data'], [/^\/detectors$/, 'detectors'],
  [/^\/access$/, 'access'], [/^\/access\/identities$/, 'access_identities'], [/^\/access\/identity$/, 'access_identity'], [/^\/changes$/, 'changes'], [/^\/changes\/[^/]+$/, 'change'], [/^\/apps$/, 'apps'], [/^\/apps\/app$/, 'app'],
  [/^\/apps\/services$/, 'ai_services'], [/^\/apps\/extensions$/, 'editor_extensions'], [/^\/review$/, 'review'], [/^\/review\/answers$/, 'answers'], [/^\/shares\/all$/, 'shares'], [/^\/shares$/, 'share'],
  [/^\/coverage$/, 'coverage'], [/^\/mutes$/, 'mutes'], [/^\/hunt$/, 'hunt'], [/^\/login\/ways$/, 'ways'], [/^\/responders$/, 'responders'], [/^\/sources$/, 'sources'], [/^\/policy$/, 'policy'], [/^\/ledger$/, 'ledger'], [/^\/ledger\/[^/]+$/, 'entry'], [/^\/tokens$/, 'tokens'],
];

export function recorded(path: string): unknown {
  const name = PATHS.find(([form]) => form.test(path))?.[1];
  if (!name) return undefined;
  return name === 'finding' ? fixture('findings').items[0] : fixture(name);
}

/** Serves the built console as the program does. */
export function serve(): Promise<Server> {
  const dist = join(HERE, '..', 'dist');
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const file = join(dist, path);
    const found = extname(path) && file.startsWith(dist) && existsSync(file) ? file : extname(path) ? null : join(dist, 'index.html');
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (!found) { response.statusCode = 404; response.end(); return; }
    response.setHeader('Content-Type', TYPES[extname(found)] ?? 'application/octet-stream');
    response.end(readFileSync(found));
  });
  return new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server)));
}

export const problem = (status: number, title: string, detail = '', hint = ''): { status: number; body: unknown } => ({ status, body: { type: 'urn:firebreak:problem:test', title, status, detail, hint } });

/** What answers instead of the fixtures: a body, a problem, or `null` for never. */
export type Instead = (path: string, method: string, query: URLSearchParams, body: unknown) => { status?: number; body?: unknown; wait?: boolean } | undefined;

export async function api(page: Page, instead: Instead = () => undefined): Promise<void> {
  await page.route('**/api/v1/**', async (route) => {
    const url = new URL(route.request().url()), path = url.pathname.replace('/api/v1', '');
    if (path === '/events') return route.fulfill({ status: 200, contentType: 'text/event-stream', body: 'retry: 600000\n\n' });
    const sent = route.request().postData();
    const own = instead(path, route.request().method(), url.searchParams, sent ? JSON.parse(sent) : null);
    if (own?.wait) return;
    if (own) return route.fulfill({ status: own.status ?? 200, json: own.body ?? {} });
    const answer = recorded(path);
    if (answer === undefined) return route.fulfill({ status: 404, json: problem(404, 'There is no such endpoint').body });
    return route.fulfill({ json: answer });
  });
}

/** A page that fails its test on any error in the browser's console, unless the test expects them. */
export const test = base.extend<{ faults: string[]; silent: boolean }, { address: string }>({
  silent: [true, { option: true }],
  address: [async ({}, use) => {
    const server = await serve();
    const at = server.address();
    await use(`http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`);
    server.closeAllConnections();
    server.close();
  }, { scope: 'worker' }],
  baseURL: async ({ address }, use) => { await use(address); },
  faults: [async ({ page, silent }, use) => {
    const faults: string[] = [];
    page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
    page.on('pageerror', (error) => faults.push(String(error)));
    await use(faults);
    if (silent) expect(faults, 'errors in the browser’s console').toEqual([]);
  }, { auto: true }],
});
export { expect };
