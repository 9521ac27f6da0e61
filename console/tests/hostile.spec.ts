// Text from logs is only ever text. Every string of every answer is replaced by hostile ones; nothing of them may run, be
// fetched, or become an element.

import { api, expect, recorded, test } from './page.ts';

const HOSTILE = [
  '<img src=x onerror="window.hurt=1">', '<script>window.hurt=1</script>', '"><svg/onload=window.hurt=1>', "'-window.hurt=1-'", 'javascript:window.hurt=1',
  '{{constructor.constructor("window.hurt=1")()}}', '${window.hurt=1}', '</textarea><iframe srcdoc="<script>parent.hurt=1</script>">', '<a href="javascript:window.hurt=1">x</a>',
  '\u202egnp.exe\u202c', 'a\u0000b', '\ud800', '\u001b[31mred', 'x'.repeat(20_000), '<style>*{display:none}</style>', '__proto__', '../../../etc/passwd', '%00%2e%2e/', "' OR 1=1 --", '\u0301'.repeat(300), '🏴󠁧󠁢󠁥󠁮󠁧󠁿'.repeat(40),
];
/** What is no free text: times and the words that the program itself writes. */
const OWN = new Set(['severity', 'status', 'verdict', 'signal', 'state', 'reversibility', 'level', 'mode', 'policy', 'at', 'opened', 'updated', 'made_at', 'since', 'until', 'first', 'from', 'to', 'last', 'arrival', 'time', 'expires', 'made', 'last_event', 'actions', 'role', 'csrf', 'begun', 'denied', 'settled', 'stage', 'purpose', 'sent', 'watched_until']);

let turn = 0;
function poisoned(value: unknown, field = ''): unknown {
  if (typeof value === 'string') return OWN.has(field) ? value : `${HOSTILE[turn++ % HOSTILE.length]} ${turn}`;
  if (Array.isArray(value)) return value.slice(0, 60).map((one) => (field === 'actions' && typeof one === 'string' ? one : poisoned(one, field)));
  if (value && typeof value === 'object') {
    const free = field === 'residents' || field === 'by' || field === 'parameters';
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [free ? `${HOSTILE[turn++ % HOSTILE.length]} ${name}` : name, poisoned(one, name)]));
  }
  return value;
}

const ADDRESSES = ['/', '/incidents', '/incidents/x', '/incidents/x?view=plan', '/incidents/x?view=graph', '/incidents/x?view=timeline', '/incidents/x?view=gaps', '/exposure', '/exposure?what=x', '/exposure?view=profiles', '/identities', '/identities?view=standing', '/identities?key=x', '/identities?view=rights', '/identities?view=changes', '/identities?view=reviews', '/data?view=shares', '/data?view=shares&thing=x', '/apps?view=ai', '/apps?view=editors', '/identities?key=identity%3Aaws%2Farn%3Ax', '/apps?key=x', '/data', '/apps', '/detections', '/detections?finding=x', '/detections?view=coverage', '/detections?view=muted', '/hunt', '/ledger?entry=1', '/settings', '/settings?view=responders', '/settings?view=policy', '/settings?view=tokens'];

for (const address of ADDRESSES) {
  test(`hostile text at ${address} stays text`, async ({ page }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', () => { throw new Error('a dialog was opened'); });
    await api(page, (path) => (path === '/session' ? undefined : { body: poisoned(recorded(path)) }));
    await page.goto(address);
    await page.waitForLoadState('networkidle');
    await expect(page.getByRole('main')).toBeVisible();
    await expect(page.getByText('This page failed')).toHaveCount(0);
    expect(await page.evaluate(() => (window as unknown as { hurt?: number }).hurt)).toBeUndefined();
    expect(await page.locator('#main iframe, #main script, #main style, #main img:not([src="/mark.svg"]), #main [onerror], #main [onload], #main a[href^="javascript"]').count()).toBe(0);
    const own = new URL(page.url()).origin;
    expect(asked.filter((one) => !one.startsWith(own))).toEqual([]);
    // The page still has its words: hostile text has not hidden the rest.
    await expect(page.getByRole('link', { name: 'Settings' })).toBeVisible();
  });
}

test('a hostile address is shown as text', async ({ page }) => {
  await api(page);
  await page.goto('/%3Cimg%20src=x%20onerror=alert(1)%3E?view="><script>');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
});
