// Right-sizing and taking apps out of use: what is shown before it is asked for, that what was shown is what is asked for, and what follows.

import { api, expect, fixture, test } from './page.ts';

const IDENTITY = '/identities?key=identity%3Aaws%2Farn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Fci-deploy';

test('an identity is right-sized by one click that says what it takes, and the change is followed', async ({ page }) => {
  const bodies: unknown[] = [];
  let stage = '';
  const asked = fixture('changes').items[0];
  const hurt = { identity: asked.subject, action: 's3:GetObject', at: '2026-03-25T10:00:00Z', event: 'e1', compromised: false };
  await api(page, (path, method, _, body) => {
    if (method === 'POST') { bodies.push([path, body]); stage = path === '/access/narrow' ? 'waiting' : 'watched'; return { status: 202, body: {} }; }
    if (path === '/access/identity') return { body: { ...fixture('access_identity'), change: stage ? { ...asked, stage } : null } };
    if (path.startsWith('/changes/')) return { body: { ...fixture('change'), stage, approved_by: stage === 'waiting' ? [] : ['identity:person/grace@example.com'], hurt: stage === 'restored' ? hurt : null } };
    return undefined;
  });
  await page.goto(IDENTITY);
  await expect(page.getByText('2,317 actions that nobody was seen to use would go')).toBeVisible();
  await page.getByRole('button', { name: 'Right-size' }).click();
  const dialog = page.getByRole('dialog', { name: 'Right-size this identity' });
  await expect(dialog).toContainText('2,331 actions become 14');
  expect(bodies).toEqual([]);
  await dialog.getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByText('It waits for people; nothing has changed yet.')).toBeVisible();
  expect(bodies).toEqual([['/access/narrow', { identity: asked.subject, proposal: '9f1c2ab3d4e5f607' }]]);
  await expect(page.getByRole('button', { name: 'Right-size' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('The first refusal that it causes takes it back by itself.')).toBeVisible();
  expect(bodies[1]).toEqual([`/plans/${asked.plan}/approve`, {}]);

  stage = 'restored';
  await page.reload();
  await expect(page.getByText('It hurt, and was taken back by itself: everything is as it was.')).toBeVisible();
  await expect(page.getByText('was refused s3:GetObject')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Right-size' })).toBeVisible();
});

test('what would refuse a past call, or what the platform keeps, is not offered', async ({ page }) => {
  const access = fixture('access_identity');
  let told: object = { ...access, proof: { ...access.proof, denied_calls: 2 } };
  await api(page, (path) => (path === '/access/identity' ? { body: told } : undefined));
  await page.goto(IDENTITY);
  await expect(page.getByRole('button', { name: 'Right-size' })).toBeDisabled();
  told = { ...access, skipped: 'AWS keeps its policies', proposal: null };
  await page.reload();
  await expect(page.getByText('Nothing is proposed: AWS keeps its policies')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Right-size' })).toHaveCount(0);
});

test('a proposal that is another by now is said to be, and nothing is asked for', async ({ page, faults }) => {
  await api(page, (path, method) => (method === 'POST' ? { status: 409, body: { type: 'urn:firebreak:problem:conflict', title: 'It cannot be done now', status: 409, detail: 'the proposal is another by now', hint: 'look at it again' } } : undefined));
  await page.goto(IDENTITY);
  await page.getByRole('button', { name: 'Right-size' }).click();
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByRole('alert')).toContainText('the proposal is another by now');
  await expect(page.getByRole('alert')).toContainText('look at it again');
  expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
  faults.length = 0;
});

test('an app is taken out of use and let in again, with a reason', async ({ page }) => {
  const bodies: unknown[] = [];
  let stage = '';
  const asked = { ...fixture('changes').items[0], purpose: 'quarantine', title: 'take identity:app/google/1234 out of use', subject: 'identity:app/google/1234' };
  await api(page, (path, method, _, body) => {
    if (method === 'POST') { bodies.push([path, body]); stage = path === '/apps/quarantine' ? 'stands' : 'taken_back'; return { status: 202, body: {} }; }
    if (path === '/apps/app') return { body: { ...fixture('app'), change: stage ? { ...asked, stage } : null } };
    if (path.startsWith('/changes/')) return { body: { ...fixture('change'), ...asked, stage, watched: false } };
    return undefined;
  });
  await page.goto('/apps');
  await page.getByRole('link', { name: 'Interview Notes' }).click();
  await expect(page.getByText('google_app/revoke')).toBeVisible();
  await page.getByRole('button', { name: 'Take out of use' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByText('It is done and stays.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Take out of use' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Let in again' }).click();
  const act = page.getByRole('dialog').getByRole('button', { name: 'Let it in' });
  await expect(act).toBeDisabled();
  await page.getByLabel('Why its old credentials may be let in again').fill('the vendor has mended it');
  await act.click();
  await expect(page.getByText('A person had it taken back; everything is as it was.')).toBeVisible();
  expect(bodies).toEqual([['/apps/quarantine', { app: 'identity:app/google/1234' }], ['/apps/release', { app: 'identity:app/google/1234', because: 'the vendor has mended it' }]]);
});

test('who may only read is offered no change', async ({ page }) => {
  await api(page, (path) => (path === '/session' ? { body: { ...fixture('session'), role: 'viewer', actions: ['read'] } } : undefined));
  await page.goto(IDENTITY);
  await expect(page.getByRole('button', { name: 'Right-size' })).toBeDisabled();
  await page.goto('/apps?key=identity%3Aapp%2Fgoogle%2F1234');
  await expect(page.getByRole('button', { name: 'Take out of use' })).toBeDisabled();
});
