// A newcomer's path with the real program: the demo's installation, the login link, the incident, its plan approved, carried out
// as a rehearsal and taken back; then every page. Nothing is recorded. Needs CONSOLE_PROGRAM; without it, it says that it was skipped.

import { expect as usual, test, type Page } from '@playwright/test';
import { violations } from './pages.ts';
import { PROGRAM, Program } from './program.ts';

// The program is a debug build beside other tests.
const expect = usual.configure({ timeout: 90_000 });
const LINK = /http:\/\/127\.0\.0\.1:\d+\/#login=\S+/;

test.describe.configure({ mode: 'serial' });
test.skip(!PROGRAM, 'CONSOLE_PROGRAM names no program');

let program: Program, page: Page, incident = '';
const faults: string[] = [];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  program = new Program();
  program.demo();
  program.start();
  page = await browser.newPage();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`${new URL(page.url()).pathname}: ${message.text()} ${message.location().url}`); });
  page.on('pageerror', (error) => faults.push(String(error)));
});

test.afterEach(({}, info) => {
  if (info.status !== info.expectedStatus) console.log(`what the program said:\n${program.log.slice(-8_000)}`);
  else expect(faults, 'errors in the browser’s console').toEqual([]);
  faults.length = 0;
});

test.afterAll(async () => {
  await page?.close();
  await program?.stop();
});

test('a newcomer comes from the demo to a plan that is approved, rehearsed and taken back', async () => {
  test.setTimeout(600_000);
  await page.goto(await program.says(LINK));
  await expect(page.getByRole('heading', { name: 'Now', level: 1 })).toBeVisible();
  expect(page.url(), 'the code does not stay in the address').not.toContain('login');
  // While the logs are read, each finding may bring a newer plan.
  await program.says(/every input is read to its end/);
  await expect(page.getByText('A plan waits for you').first()).toBeVisible();
  await expect(page.getByText('nothing is called')).toBeVisible();
  await page.getByRole('region', { name: 'Incidents' }).getByRole('listitem').first().getByRole('link').click();
  await expect(page.getByRole('heading', { name: 'What was taken, and why we say so' })).toBeVisible();
  incident = /inc-[0-9a-f]+/.exec(page.url())?.[0] ?? '';
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Plan' }).click();
  const plan = page.getByRole('region', { name: 'The plan' });
  const id = (await plan.getByRole('heading', { name: /^Plan / }).locator('.mono').textContent())?.trim() ?? '';
  await plan.getByRole('button', { name: /^Approve/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approval was given')).toBeVisible();
  // Some of its steps cannot be taken back, which needs two people: the second one approves from the command line.
  await expect(page.getByText('The policy wants another person too')).toBeVisible();
  program.ask('--config', program.config, 'approve', id, '--by', 'second@meridian.example');
  await expect(plan.getByText('executed', { exact: true })).toBeVisible();
  await expect(page.getByRole('main').getByText('rehearsed', { exact: true })).toBeVisible();
  expect(program.log, 'nothing was called').toContain('rehearsed; nothing was called');
  await plan.getByRole('button', { name: 'Undo' }).click();
  await page.getByLabel('Why').fill('it was a drill');
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await expect(plan.getByText('undone', { exact: true })).toBeVisible();
  expect(program.log).toContain('it was rehearsed, and nothing was called');
});

test('what was decided stands in the ledger, verified in the browser', async () => {
  await page.getByRole('link', { name: 'Ledger' }).click();
  await page.getByRole('group', { name: 'Entries' }).getByRole('link').first().click();
  await expect(page.getByText('verified here')).toBeVisible();
  await page.getByLabel('Search', { exact: true }).fill('undo_requested');
  await expect(page.getByRole('group', { name: 'Entries' }).getByRole('link')).toHaveCount(1);
  const bundle = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export for an auditor' }).click();
  expect(await (await bundle).failure()).toBeNull();
});

test('every page stands against the real program, with nothing for axe to find', async () => {
  test.setTimeout(600_000);
  const origin = new URL(page.url()).origin;
  for (const path of [
    '/', '/incidents', `/incidents/${incident}`, ...['plan', 'graph', 'timeline', 'gaps'].map((view) => `/incidents/${incident}?view=${view}`),
    '/exposure', '/exposure?view=profiles', '/exposure?view=ask&what=litellm%401.82.8', '/identities', '/identities?view=standing',
    '/data', '/apps', '/detections', '/detections?view=findings', '/detections?view=coverage', '/detections?view=muted', '/hunt', '/ledger',
    '/settings', '/settings?view=responders', '/settings?view=policy', '/settings?view=tokens',
  ]) {
    await page.goto(origin + path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByText(/^Loading/), path).toHaveCount(0);
    await expect(page.getByRole('alert'), path).toHaveCount(0);
    expect(await violations(page), path).toEqual([]);
  }
});
