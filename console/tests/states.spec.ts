// Every page with data, empty, loading and failed: it stands, says what it should, has no axe violation in either theme
// and no error in the browser's console.

import { PAGES, violations } from './pages.ts';
import { api, expect, fixture, problem, test, type Instead } from './page.ts';

/** The same kinds of answers with nothing in them. */
function nothing(path: string): unknown {
  if (path === '/session') return undefined;
  if (path === '/now') return { ...fixture('now'), incidents: [], waiting: [], changes: [], exposed: [], sources: [], breakers: [], budgets: [], mutes: [], unasked: [], coverage: null, verdicts: {}, totals: {} };
  if (path.endsWith('/graph')) return { at: '2026-03-25T12:00:00Z', nodes: [], edges: [], next: null, total: 0 };
  if (path === '/access') return { ...fixture('access'), granted: 0, left: 0, proposed: 0, allowed: 0, gaps: ['no export of an AWS account is in the inventory'] };
  if (path === '/data') return { at: '2026-03-25T12:00:00Z', days: null, classes: [], gaps: [] };
  if (path === '/exposure/who') return { environments: 0, intervals: 0, untold: 0, clear: 0, had: [], untold_environments: [] };
  if (path === '/apps/services') return { ...fixture('ai_services'), use_known: false, since: null, providers: [], gaps: ['records could not be read in time, so who used which service is not known'] };
  if (path === '/policy') return { policy: 'ask', mode: 'dry_run', files: [] };
  if (/^\/(incidents|plans|findings|ledger)\/[^/]+$/.test(path) || path === '/map/node' || path === '/access/identity' || path === '/apps/app' || path === '/shares' || path.startsWith('/changes/') || path === '/questions') return undefined;
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
    await expect(page.getByRole('navigation', { name: 'Rooms' })).toBeAttached();
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

test('while the session is asked for, the page says so', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { wait: true } : undefined));
  await page.goto('/incidents');
  await expect(page.getByRole('status')).toHaveText('Opening');
  expect(await violations(page)).toEqual([]);
});

test('a phone shows no page wider than itself', async ({ page }) => {
  // It goes through all of them.
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await api(page);
  for (const [address] of PAGES) {
    await page.goto(address);
    await page.waitForLoadState('networkidle');
    const over = await page.evaluate(() => { const main = document.getElementById('main'); return Math.max(document.documentElement.scrollWidth - innerWidth, (main?.scrollWidth ?? 0) - (main?.clientWidth ?? 0)); });
    expect(over, `${address} is ${over} pixels too wide`).toBeLessThanOrEqual(0);
  }
});
