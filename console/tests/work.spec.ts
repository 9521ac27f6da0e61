// What a person does with the console: finds, approves, declines, undoes, verifies; and what must not happen.

import { api, expect, fixture, problem, test } from './page.ts';
import { violations } from './pages.ts';

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
  // Where they were rotated no reason is wanted: the API takes one or the other.
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByLabel(/The credentials were rotated/).check();
  await expect(page.getByLabel('Why')).toHaveCount(0);
  await act.click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(bodies[1]).toEqual({ rotated: true });
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

test('where an identity provider is set up one may log in by it, and a refusal says what to do', async ({ page, faults }) => {
  const start = 'http://127.0.0.1:9470/api/v1/login';
  await api(page, (path) => (path === '/session' ? problem(401, 'Nobody is logged in') : path === '/login/ways' ? { body: { provider: 'https://id.example.com/realms/staff', start } } : undefined));
  await page.goto('/#refused=no-role');
  await expect(page.getByRole('alert')).toContainText('None of your groups may use Firebreak');
  expect(page.url()).not.toContain('refused');
  await expect(page.getByRole('link', { name: 'Log in with id.example.com' })).toHaveAttribute('href', start);
  expect(await violations(page)).toEqual([]);
  // Whoever makes up an address makes the page say nothing of their own.
  await page.goto('about:blank');
  await page.goto('/#refused=constructor');
  await expect(page.getByRole('alert')).toContainText('not for this login');
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

const HUNT = {
  sql: 'x', more: true, events: 52_431, gaps: [] as string[], seconds: 0.42,
  columns: [{ name: 'hour', holds: 'time' }, { name: 'events', holds: 'number' }, { name: 'credential', holds: 'text' }],
  rows: [['2026-03-24T10:00:00Z', 12_400, 'credential:aws/AKIAIOSFODNN7EXAMPLE'], ['2026-03-24T11:00:00Z', 3_100, null], ['2026-03-24T12:00:00Z', 0, '<b>x</b>']],
};

test('a question is asked by the keyboard, answered as a table and as a line, and stands in the address', async ({ page }) => {
  const sent: unknown[] = [];
  await api(page, (path, method, _, body) => { if (path !== '/hunt' || method !== 'POST') return undefined; sent.push(body); return { body: HUNT }; });
  await page.goto('/');
  await expect(page.getByText('A plan waits for you')).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByRole('button', { name: /^Events an hour/ }).click();
  const field = page.getByLabel('Question in SQL');
  await expect(field).toHaveValue(/date_trunc/);
  await field.press('Control+Enter');
  await expect(page.getByRole('heading', { name: '3 rows, and there are more' })).toBeVisible();
  await expect(page.getByText('52,431 events looked at')).toBeVisible();
  expect(sent).toEqual([{ sql: await field.inputValue(), rows: 1000 }]);
  await expect(page).toHaveURL(/\/hunt\?sql=SELECT/);
  await expect(page.getByRole('cell', { name: '12,400' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'AKIAIOSFODNN7EXAMPLE' })).toHaveAttribute('href', /identities\?key=credential/);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Chart' }).click();
  await expect(page.getByRole('img', { name: /^events from 2026-03-24 10:00:00 UTC to 2026-03-24 12:00:00 UTC: least 0, most 12,400/ })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await field.fill('SELECT ');
  await field.press('End');
  await page.getByRole('button', { name: /^user_agent/ }).click();
  await expect(field).toHaveValue('SELECT user_agent');
});

test('a link to a question asks nothing; an empty answer, a gap and a refusal say what they are', async ({ page, faults }) => {
  let asked = 0, answer: { status?: number; body?: unknown } = { body: { ...HUNT, rows: [], more: false } };
  await api(page, (path, method) => { if (path !== '/hunt' || method !== 'POST') return undefined; asked += 1; return answer; });
  await page.goto('/hunt?sql=SELECT%20actor%20FROM%20events');
  await expect(page.getByLabel('Question in SQL')).toHaveValue('SELECT actor FROM events');
  await expect(page.getByText('This question came with the link')).toBeVisible();
  expect(asked).toBe(0);
  const ask = page.getByRole('button', { name: /^Ask/ });
  await ask.click();
  await expect(page.getByText('No event fits')).toBeVisible();
  answer = { body: { ...HUNT, gaps: ['200 events from 2026-03-24 to 2026-03-25 could not be read: it is damaged'] } };
  await ask.click();
  await expect(page.getByText('A part of the lake could not be read')).toBeVisible();
  answer = problem(400, 'What is asked makes no sense', 'there is no column `actr`', 'there are time, source');
  await ask.click();
  await expect(page.getByRole('alert')).toContainText('there is no column');
  await expect(page.getByRole('heading', { name: /rows/ })).toHaveCount(0);
  faults.length = 0;
});

test('a note is written by the keyboard and kept as text', async ({ page }) => {
  const sent: unknown[] = [];
  await api(page, (path, method, _, body) => { if (!path.endsWith('/notes') || method !== 'POST') return undefined; sent.push(body); return { status: 201, body: {} }; });
  await page.goto('/incidents/inc-1');
  await expect(page.getByText('The token stood in a build log')).toBeVisible();
  await page.getByLabel('Note', { exact: true }).fill('<img src=x onerror=alert(1)> seen');
  await page.getByLabel('Note', { exact: true }).press('Control+Enter');
  await expect(page.getByLabel('Note', { exact: true })).toHaveValue('');
  expect(sent).toEqual([{ text: '<img src=x onerror=alert(1)> seen' }]);
  await expect(page.getByRole('link', { name: 'Export for an auditor' })).toHaveAttribute('href', /\/export$/);
});

test('who may not hunt is told who may, and sees no room for it', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { body: { ...fixture('session'), role: 'viewer', actions: ['read'] } } : undefined));
  await page.goto('/hunt');
  await expect(page.getByText('You may not ask here')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Hunt' })).toHaveCount(0);
});

test('a detector is muted from one of its findings, about one thing first, until a time and with a reason', async ({ page }) => {
  const finding = fixture('findings').items[0] as { detector: string; subject: string };
  const sent: { path: string; body: Record<string, string | null> }[] = [];
  await api(page, (path, method, _, body) => {
    if (method !== 'POST') return undefined;
    sent.push({ path, body: body as Record<string, string | null> });
    return { status: 202, body: {} };
  });
  await page.goto('/detections?finding=fnd-1');
  await page.getByRole('button', { name: 'Mute', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `Mute ${finding.detector}` });
  await expect(dialog.getByRole('button', { name: 'Mute' }), 'nothing is muted without a reason').toBeDisabled();
  await dialog.getByLabel('For').selectOption('30 days');
  await dialog.getByLabel('Why').fill('a red team');
  await dialog.getByRole('button', { name: 'Mute' }).click();
  await expect(dialog).toHaveCount(0);
  expect(sent.map((one) => [one.path, one.body.detector, one.body.about, one.body.because])).toEqual([['/mutes', finding.detector, finding.subject, 'a red team']]);
  const days = (Date.parse(sent[0]?.body.until ?? '') - Date.now()) / 86_400_000;
  expect(days, 'never longer than the longest').toBeGreaterThan(29.9);
  expect(days).toBeLessThan(30);

  await page.goto('/detections?view=muted');
  await page.getByRole('button', { name: 'Unmute' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unmute' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(sent[1]?.path).toMatch(/^\/mutes\/mut-[0-9a-f]+\/end$/);
});

test('who may not respond is offered no mute', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { body: { ...fixture('session'), role: 'viewer', actions: ['read'] } } : undefined));
  await page.goto('/detections?finding=fnd-1');
  await expect(page.getByRole('heading', { name: fixture('findings').items[0].title }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Mute' })).toHaveCount(0);
});
