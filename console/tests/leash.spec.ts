// Holding an app to less, answering reviews and ending shares: what each takes is said before it is asked for, that is what is sent, and it is followed.

import { api, expect, fixture, test } from './page.ts';
import { violations } from './pages.ts';

const KEY = 'identity:litellm/eval-nightly';
const APP = `/apps?key=${encodeURIComponent(KEY)}`;

test('an app is held to less, with what it used and loses said before', async ({ page }) => {
  const bodies: unknown[] = [];
  let stage = '';
  const asked = { ...fixture('changes').items[0], purpose: 'leash', title: `let ${KEY} do less`, subject: KEY };
  await api(page, (path, method, _, body) => {
    if (method === 'POST') { bodies.push([path, body]); stage = 'waiting'; return { status: 202, body: {} }; }
    if (path === '/apps/app') return { body: { ...fixture('app_key'), change: stage ? { ...asked, stage } : null } };
    if (path.startsWith('/changes/')) return { body: { ...fixture('change'), ...asked, stage, watched: false } };
    return undefined;
  });
  await page.goto(APP);
  await expect(page.getByRole('region', { name: 'Held to less' })).toContainText('used 298 times');
  await page.getByRole('button', { name: 'Hold to less' }).click();
  const dialog = page.getByRole('dialog', { name: 'Hold it to less' });
  const act = dialog.getByRole('button', { name: 'Ask for it' });
  await expect(act, 'nothing is held to nothing').toBeDisabled();
  await dialog.getByLabel('claude-sonnet').focus();
  await page.keyboard.press('Space');
  await expect(dialog).toContainText('It loses claude-sonnet. Nothing was seen to use that.');
  await dialog.getByLabel('gpt-4o').uncheck();
  await expect(dialog).toContainText('Without a single model nothing is left');
  await expect(act, 'to the gateway no model is every model').toBeDisabled();
  await dialog.getByLabel('claude-sonnet').check();
  await expect(dialog).toContainText('gpt-4o was used 298 times');
  await dialog.getByLabel(/^Budget at most/).fill('25');
  expect(await violations(page)).toEqual([]);
  expect(bodies).toEqual([]);
  await act.click();
  await expect(page.getByText('It waits for people; nothing has changed yet.')).toBeVisible();
  expect(bodies).toEqual([['/apps/leash', { app: KEY, models: ['claude-sonnet'], max_budget: 25 }]]);
  await expect(page.getByRole('button', { name: 'Hold to less' })).toHaveCount(0);
});

test('where use is not known it is not called unused, and where nothing narrows it says so', async ({ page }) => {
  let told = fixture('app_key');
  told.leash.may_use = told.leash.may_use.map((one: object) => ({ ...one, events: null, last: null }));
  await api(page, (path) => (path === '/apps/app' ? { body: told } : undefined));
  await page.goto(APP);
  await page.getByRole('button', { name: 'Hold to less' }).click();
  await page.getByRole('dialog').getByLabel('claude-sonnet').uncheck();
  await expect(page.getByRole('dialog')).toContainText('Whether anything uses that is not known.');
  told = fixture('app');
  await page.goto('/apps?key=identity%3Aapp%2Fgoogle%2F1234');
  await expect(page.getByText('of which no call is known that lets it do less')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Hold to less' })).toHaveCount(0);
});

test('a review takes one answer with its reason, and what was said before is shown', async ({ page }) => {
  const bodies: [string, Record<string, unknown>][] = [];
  await api(page, (path, method, _, body) => { if (method !== 'POST') return undefined; bodies.push([path, body as Record<string, unknown>]); return { status: 202, body: {} }; });
  await page.goto('/identities?view=reviews');
  await expect(page.getByRole('region', { name: 'Answered' })).toContainText('the year-end job runs in June');
  await page.getByRole('group', { name: 'Due for a look' }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('nobody knows this bot');
  const act = dialog.getByRole('button', { name: 'Answer' });
  await expect(act, 'nothing is said without a reason').toBeDisabled();
  await dialog.getByLabel('It is to go').check();
  await dialog.getByLabel('Why').fill('it left with its team');
  expect(await violations(page)).toEqual([]);
  await act.click();
  await expect(page.getByText('The answer was left for the running process')).toBeVisible();
  expect(bodies).toEqual([['/review', { item: 'dormant_identity identity:slack/B2', remove: true, because: 'it left with its team' }]]);

  await page.getByRole('button', { name: 'Answer for t', exact: true }).click();
  await dialog.getByLabel('For how long').selectOption('30 days');
  await dialog.getByLabel('Why').fill('year end');
  await act.click();
  await expect(dialog).toHaveCount(0);
  const kept = bodies[1]?.[1] ?? {};
  expect([kept.item, kept.because, kept.remove]).toEqual(['silent_credential credential:slack/t', 'year end', undefined]);
  const days = (Date.parse(String(kept.keep_until)) - Date.now()) / 86_400_000;
  expect(Math.abs(days - 30)).toBeLessThan(0.1);
  expect(String(kept.keep_until)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

test('a share is ended by one click that says whom it touches, and the change is followed', async ({ page }) => {
  const bodies: unknown[] = [];
  let stage = '';
  const subject = 'resource:google/drive/0AHR';
  const asked = { ...fixture('changes').items[0], purpose: 'unshare', title: `end the shares of ${subject}`, subject };
  await api(page, (path, method, query, body) => {
    if (method === 'POST') { bodies.push([path, body]); stage = 'waiting'; return { status: 202, body: {} }; }
    if (path === '/changes') { expect([query.get('subject'), query.get('purpose')]).toEqual([subject, 'unshare']); return { body: { items: stage ? [{ ...asked, stage }] : [], next: null, total: stage ? 1 : 0 } }; }
    if (path.startsWith('/changes/')) return { body: { ...fixture('change'), ...asked, stage, watched: false } };
    return undefined;
  });
  await page.goto('/data');
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Shares and links' }).click();
  await page.getByRole('link', { name: 'Human Resources' }).click();
  await expect(page.getByRole('region', { name: 'Who loses it' })).toContainText('7 can get at it all the same');
  await expect(page.getByRole('cell', { name: '31 times' })).toBeVisible();
  await page.getByRole('button', { name: 'Unshare' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('1 step: 2 parties lose access, 1 of which used it in 90 days; 7 keep it.');
  await expect(dialog).toContainText('a deleted link does not come back');
  expect(bodies).toEqual([]);
  await dialog.getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByText('It waits for people; nothing has changed yet.')).toBeVisible();
  expect(bodies).toEqual([['/shares/end', { resource: subject }]]);
  await expect(page.getByRole('button', { name: 'Unshare' })).toHaveCount(0);
});

test('who may only read is offered none of it', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { body: { ...fixture('session'), role: 'viewer', actions: ['read'] } } : path === '/apps/app' ? { body: fixture('app_key') } : undefined));
  await page.goto(APP);
  await expect(page.getByRole('button', { name: 'Hold to less' })).toBeDisabled();
  await page.goto('/identities?view=reviews');
  await expect(page.getByRole('button', { name: 'Answer for t', exact: true })).toBeDisabled();
  await page.getByRole('group', { name: 'Due for a look' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.goto('/data?view=shares&thing=resource%3Agoogle%2Fdrive%2F0AHR');
  await expect(page.getByRole('button', { name: 'Unshare' })).toBeDisabled();
});

test('a vendor of AI shows who uses it, how much and on what evidence, and nothing unknown is nought', async ({ page }) => {
  await api(page);
  await page.goto('/apps?view=ai');
  await page.getByRole('button', { name: 'cohere' }).click();
  await expect(page).toHaveURL(/vendor=cohere/);
  const users = page.getByRole('group', { name: 'Users of cohere' });
  await expect(users.getByRole('row', { name: /10\.4\.2\.17/ })).toContainText('not known');
  await expect(users.getByRole('row', { name: /laptop-7/ })).toContainText('at least 48.2 MB');
  await expect(page.getByRole('row', { name: /^cohere/ })).toContainText('by nobody');
  await expect(page.getByRole('row', { name: /^openai/ })).toContainText('in an inventory');
});
