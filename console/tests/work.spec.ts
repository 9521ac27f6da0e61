// What a person does with the console: finds, approves, declines, undoes, verifies; and what must not happen.

import { api, expect, fixture, problem, test } from './page.ts';

test('every call that changes something carries the session’s token and a key of its own', async ({ page }) => {
  const sent: { url: string; headers: Record<string, string>; body: string | null }[] = [];
  page.on('request', (request) => { if (request.method() === 'POST') sent.push({ url: request.url(), headers: request.headers(), body: request.postData() }); });
  await api(page, (path, method) => (method === 'POST' ? { status: 202, body: {} } : undefined));
  await page.goto('/incidents/inc-1?view=plan');
  await page.getByRole('button', { name: /^Approve \d+ steps$/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Approve this plan' });
  await expect(dialog).toContainText('cannot be taken back');
  expect(sent, 'nothing is sent before the second click').toHaveLength(0);
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approval was given')).toBeVisible();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.url).toContain(`/api/v1/plans/${fixture('incident').plan}/approve`);
  expect(sent[0]?.headers['x-csrf-token']).toBe(fixture('session').csrf);
  expect(sent[0]?.headers['idempotency-key']).toMatch(/^[A-Za-z0-9_-]{8,128}$/);
});

test('a newer plan does not slip under what was said of the one on screen', async ({ page }) => {
  await page.addInitScript(() => {
    // A stream of changes that the test speaks on.
    class Stream extends EventTarget { constructor() { super(); Object.assign(window, { stream: this }); setTimeout(() => this.dispatchEvent(new Event('open'))); } close(): void {} }
    Object.assign(window, { EventSource: Stream });
  });
  const first = fixture('incident').plan as string, newer = 'b'.repeat(first.length);
  let now = first;
  await api(page, (path) => (path === '/incidents/inc-1' ? { body: { ...fixture('incident'), plan: now } } : undefined));
  await page.goto('/incidents/inc-1?view=plan');
  const shown = page.getByRole('heading', { name: /^Plan / });
  await expect(shown).toContainText(first.slice(0, 12));
  now = newer;
  await page.evaluate(() => (window as unknown as { stream: EventTarget }).stream.dispatchEvent(new MessageEvent('change', { data: JSON.stringify({ topics: ['incidents'] }) })));
  await expect(page.getByText('A newer plan took the place of this one')).toBeVisible();
  await expect(shown).toContainText(first.slice(0, 12));
  const asked = page.waitForRequest((request) => request.url().endsWith(`/plans/${newer}`));
  await page.getByRole('button', { name: 'Look at the newer plan' }).click();
  await asked;
  await expect(page.getByText('A newer plan took the place of this one')).toHaveCount(0);
});

test('where two people must approve, the first sees that another one is wanted and is not asked again', async ({ page }) => {
  await api(page, (path) => (/^\/plans\//.test(path) ? { body: { ...fixture('plan'), approvals: [{ by: 'identity:person/admin@localhost' }] } } : undefined));
  await page.goto('/incidents/inc-1?view=plan');
  await expect(page.getByText('Approved by admin@localhost. The policy wants another person too.')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Decline' })).toBeEnabled();
});

test('a refused approval says why and leaves the plan as it is', async ({ page, faults }) => {
  await api(page, (path, method) => (method === 'POST' ? problem(409, 'The plan is no longer the latest', 'a newer plan was made', 'look at the newer plan') : undefined));
  await page.goto('/incidents/inc-1?view=plan');
  await page.getByRole('button', { name: /^Approve/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('look at the newer plan');
  await expect(page.getByText('Approval was given')).toHaveCount(0);
  faults.length = 0;
});

test('who may only read is offered nothing that changes', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { body: { ...fixture('session'), role: 'viewer', actions: ['read'] } } : undefined));
  await page.goto('/incidents/inc-1?view=plan');
  await expect(page.getByRole('button', { name: /^Approve/ })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Decline' })).toBeDisabled();
  await page.goto('/');
  await expect(page.getByText('A plan waits for you')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Pause all actions' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Ledger' })).toHaveCount(0);
});

test('an undo says whether the credentials were rotated, and why', async ({ page }) => {
  const bodies: unknown[] = [];
  const steps = fixture('plan').plan.steps.map((step: { number: number; key: string }) => ({ number: step.number, key: step.key, state: 'contained', attempts: 1, begun: '2026-03-25T12:00:00Z', denied: '2026-03-25T12:00:04Z', settled: '2026-03-25T12:00:05Z', detail: '', due: null }));
  await api(page, (path, method, _, body) => {
    if (method === 'POST') { bodies.push(body); return { status: 202, body: {} }; }
    return /^\/plans\//.test(path) ? { body: { ...fixture('plan'), status: 'executed', steps } } : undefined;
  });
  await page.goto('/incidents/inc-1?view=plan');
  await expect(page.getByText('refused 4 s after the call').first()).toBeVisible();
  await expect(page.getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  const act = page.getByRole('dialog').getByRole('button', { name: 'Undo' });
  await expect(act).toBeDisabled();
  await page.getByLabel('Why').fill('it was a drill');
  await act.click();
  await expect(page.getByText('The undo was asked for')).toBeVisible();
  expect(bodies).toEqual([{ rotated: false, because: 'it was a drill' }]);
});

test('an entry that was changed does not verify, whatever was changed', async ({ page }) => {
  const entry = fixture('entry');
  const flip = (text: string): string => (text.startsWith('0') ? `1${text.slice(1)}` : `0${text.slice(1)}`);
  const forged: [string, object][] = [
    ['record', { record: entry.record.replace('"kind":"', '"kind":"x') }], ['shown', { body: { ...entry.body, forged: true } }], ['proof', { proof: [flip(entry.proof[0]), ...entry.proof.slice(1)] }],
    ['shorter proof', { proof: entry.proof.slice(1) }], ['index', { index: entry.index + 1 }], ['size', { size: entry.size + 1 }], ['root', { root: flip(entry.root) }],
    ['checkpoint', { checkpoint: entry.checkpoint.replace(String(entry.size), String(entry.size + 1)) }], ['key', { key: entry.key.replace('+7', '+6') }], ['salt', { salt: flip(entry.salt) }], ['no record', { record: 'x' }], ['checkpoint', { checkpoint: '' }],
  ];
  let change: object = {};
  await api(page, (path) => (/^\/ledger\/\d+$/.test(path) ? { body: { ...entry, ...change } } : undefined));
  await page.goto('/ledger?entry=1');
  await expect(page.getByText('verified here')).toBeVisible();
  for (const [what, one] of forged) {
    change = one;
    await page.goto('/ledger?entry=1');
    await expect(page.getByText('does not verify').first(), what).toBeVisible();
  }
});

test('the keyboard reaches everything: palette, jumps, lists', async ({ page }) => {
  await api(page);
  await page.goto('/');
  await expect(page.getByText('A plan waits for you')).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page).toHaveURL(/\/data$/);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump' }).fill('expos');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/exposure/);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.goto('/detections?view=findings');
  await page.getByRole('group', { name: 'Findings' }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/finding=/);
  // A letter in a field is a letter.
  await page.goto('/identities');
  await page.getByRole('searchbox').pressSequentially('gi');
  await expect(page).toHaveURL(/\/identities/);
});

test('the graph folds by kind, follows the time and links to what is chosen', async ({ page }) => {
  await api(page);
  const node = fixture('graph').nodes[5];
  await page.goto(`/incidents/inc-1?view=graph&node=${encodeURIComponent(node.key)}`);
  await expect(page.getByRole('link', { name: 'Everything about it' })).toBeVisible();
  const fold = page.getByRole('group', { name: 'Fold' }).getByRole('button').first();
  await expect(fold).toHaveAttribute('aria-pressed', 'true');
  await fold.click();
  await expect(fold).toHaveAttribute('aria-pressed', 'false');
  const slider = page.getByLabel('Reached by');
  await slider.fill('0');
  const all = fixture('graph').nodes as { arrival: string | null }[];
  const first = all.map((one) => one.arrival).filter((at) => at !== null).sort()[0];
  const reached = all.filter((one) => one.arrival === null || one.arrival === first).length;
  expect(reached).toBeLessThan(all.length);
  await expect(page.getByText(new RegExp(`^${reached} things? in reach`))).toBeVisible();
});

test('a login code is used once and taken out of the address; without one there is a form', async ({ page, faults }) => {
  let posted: unknown = null, inside = false;
  await api(page, (path, method, _, body) => {
    if (path !== '/session') return undefined;
    if (method === 'POST') { posted = body; inside = true; return { status: 201, body: fixture('session') }; }
    return inside ? undefined : problem(401, 'Nobody is logged in');
  });
  await page.goto('/#login=one-time-code');
  await expect(page.getByText('A plan waits for you')).toBeVisible();
  expect(posted).toEqual({ code: 'one-time-code' });
  expect(page.url()).not.toContain('login');
  inside = false;
  await page.goto('/incidents');
  await expect(page.getByLabel('Login code')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  faults.length = 0;
});

test('themes and zones are chosen and kept', async ({ page }) => {
  await api(page);
  await page.goto('/incidents/inc-1');
  await page.getByLabel('Theme').selectOption('dark');
  await page.getByLabel('Times').selectOption('local');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByText(/GMT\+[12]/).first()).toBeVisible();
});
