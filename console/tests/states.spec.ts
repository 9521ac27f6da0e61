// Every page with data, empty, loading and failed: it stands, says what it should, has no axe violation in either theme
// and no error in the browser's console.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { api, expect, fixture, problem, test, type Instead } from './page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger's protocol, which the page's policy does not hold up.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
    const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`);
  });
}

/** Pages: address, a word that only the data shows, a word of the empty state. */
const PAGES: [string, string, RegExp | null][] = [
  ['/', 'A plan waits for you', /Nothing is burning/],
  ['/incidents', 'inc-', /No incident yet/],
  ['/incidents/inc-1', 'What was taken', null],
  ['/incidents/inc-1?view=plan', 'postgres_role/disable', null],
  ['/incidents/inc-1?view=graph', 'In order of arrival', /Nothing is known to be in reach/],
  ['/incidents/inc-1?view=timeline', 'plan made', /Nothing has happened yet/],
  ['/incidents/inc-1?view=gaps', 'What is not known', null],
  ['/exposure', 'ci/meridian/annotator', /No verdict fits/],
  ['/exposure?view=ask&what=litellm%401.82.8', 'Environments that had it', /No environment is known/],
  ['/exposure?view=profiles', 'litellm-2026-03', /No profile is loaded/],
  ['/identities', 'identities', /No identity is known/],
  ['/identities?view=standing', 'Keyrings', null],
  ['/identities?key=identity%3Aaws%2Fx', 'What cuts it', null],
  ['/data?class=contact', 'Where contact lies', /No data is known/],
  ['/apps', 'Apps and integrations', /No app is known/],
  ['/detections', 'finding', /No detector is loaded/],
  ['/detections?view=findings', 'Findings', /Nothing was found/],
  ['/detections?finding=fnd-1', 'Detector', null],
  ['/detections?view=coverage', 'T1', /No technique is covered/],
  ['/ledger', 'entries', /No entry yet/],
  ['/ledger?entry=1', 'verified here', null],
  ['/settings', 'aws_cloudtrail', /No source is configured/],
  ['/settings?view=responders', 'Deactivate', /No responder/],
  ['/settings?view=policy', 'Mode', /No policy file/],
  ['/settings?view=tokens', 'grafana', /No token/],
];

/** The same kinds of answers with nothing in them. */
function nothing(path: string): unknown {
  if (path === '/session') return undefined;
  if (path === '/now') return { ...fixture('now'), incidents: [], waiting: [], exposed: [], sources: [], breakers: [], unasked: [], coverage: null, verdicts: {}, totals: {} };
  if (path.endsWith('/graph')) return { at: '2026-03-25T12:00:00Z', nodes: [], edges: [], next: null, total: 0 };
  if (path === '/data') return { at: '2026-03-25T12:00:00Z', days: null, classes: [], gaps: [] };
  if (path === '/exposure/who') return { environments: 0, intervals: 0, untold: 0, clear: 0, had: [], untold_environments: [] };
  if (path === '/coverage') return { techniques: [] };
  if (path === '/policy') return { mode: 'ask', files: [] };
  if (/^\/(incidents|plans|findings|ledger)\/[^/]+$/.test(path) || path === '/map/node' || path === '/questions') return undefined;
  return { items: [], next: null, total: 0 };
}

for (const [address, word, empty] of PAGES) {
  for (const scheme of ['light', 'dark'] as const) {
    test(`${address} with data, ${scheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await api(page);
      await page.goto(address);
      await expect(page.getByText(word).first()).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });
  }
  test(`${address} empty, loading, failed`, async ({ page, faults }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    if (empty) {
      const instead: Instead = (path) => { const body = nothing(path); return body === undefined ? undefined : { body }; };
      await api(page, instead);
      await page.goto(address);
      await expect(page.getByText(empty).first()).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    }
    await api(page, (path) => (path === '/session' ? undefined : { wait: true }));
    await page.goto(address);
    await expect(page.getByRole('status').or(page.getByText('Loading')).first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.unrouteAll({ behavior: 'ignoreErrors' });

    await api(page, (path) => (path === '/session' ? undefined : problem(503, 'Firebreak is busy', 'the map is being made', 'try again in a minute')));
    await page.goto(address);
    await expect(page.getByRole('alert').first()).toContainText('Firebreak is busy');
    await expect(page.getByRole('alert').first()).toContainText('try again in a minute');
    expect(await violations(page)).toEqual([]);
    // The browser itself notes each answer that is not a success; nothing else may be noted.
    expect(faults.filter((fault) => !fault.includes('503'))).toEqual([]);
    faults.length = 0;
  });
}

test('a phone shows no page wider than itself', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await api(page);
  for (const [address] of PAGES) {
    await page.goto(address);
    await page.waitForLoadState('networkidle');
    const over = await page.evaluate(() => { const main = document.getElementById('main'); return Math.max(document.documentElement.scrollWidth - innerWidth, (main?.scrollWidth ?? 0) - (main?.clientWidth ?? 0)); });
    expect(over, `${address} is ${over} pixels too wide`).toBeLessThanOrEqual(0);
  }
});
