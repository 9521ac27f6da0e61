// What of an answer is drawn: a line where a number stands over time, bars where it stands over names, and nothing made up.

import { api, expect, test } from './page.ts';
import { violations } from './pages.ts';
import { lined, scale, times } from '../src/lib/line.ts';

const hour = (n: number): string => new Date(Date.UTC(2026, 2, 24, n)).toISOString().replace('.000Z', 'Z');
const answer = (columns: [string, string][], rows: unknown[][]): any => ({ sql: 'x', more: false, events: 9, gaps: [], seconds: 0.1, columns: columns.map(([name, holds]) => ({ name, holds })), rows });
const HOURS: [string, string][] = [['hour', 'time'], ['events', 'number']];

test('a line is drawn of a time and a number, parted where nothing is known, and never of anything else', () => {
  const line = lined(answer(HOURS, [[hour(3), 5], [hour(0), 1], [hour(1), null], [null, 7]]));
  expect(line?.points.map((one) => [one.at.slice(11, 13), one.value, one.absent ?? false])).toEqual([['00', 1, false], ['01', null, false], ['02', null, true], ['03', 5, false]]);
  expect(line?.left).toBe(1);
  expect(lined(answer(HOURS, [[hour(0), 1], [hour(0), 2], [hour(1), 3]])), 'two values of one hour').toBeNull();
  expect(lined(answer([['source', 'text'], ['events', 'number']], [['a', 1], ['b', 2]]))).toBeNull();
  expect(lined(answer(HOURS, [['nonsense', 1], ['<b>', 2]]))).toBeNull();
  expect(lined(answer(HOURS, Array.from({ length: 9_000 }, (_, i) => [hour(i), i])))?.left).toBe(7_000);
});

test('axes have round numbers, and times at round distances in the zone that is read', () => {
  expect(scale([0, 12_400])).toEqual({ low: 0, high: 15_000, ticks: [0, 5_000, 10_000, 15_000] });
  expect(scale([7, 7])).toMatchObject({ low: 0 });
  expect(scale([0, 0])).toMatchObject({ low: 0, high: 1 });
  expect(scale([-3, 4]).ticks).toContain(0);
  const said = times(Date.parse(hour(0)), Date.parse(hour(48)), 'utc', 6).map((one) => one.says);
  expect(said).toEqual(['2026-03-24', '12:00', '2026-03-25', '12:00', '2026-03-26']);
  expect(times(-6e13, 2.5e14, 'utc').length).toBeLessThan(12);
});

test('a number over time is a line that the keyboard reads, in the zone that is chosen; the table remains', async ({ page }) => {
  const rows = Array.from({ length: 48 }, (_, i) => [hour(i), Math.round(900 + 800 * Math.sin(i / 4) + (i === 31 ? 4_000 : 0))]).filter((_, i) => i !== 20 && i !== 21);
  await api(page, (path, method) => (path === '/hunt' && method === 'POST' ? { body: answer(HOURS, rows) } : undefined));
  await page.goto('/hunt?sql=SELECT%201&show=chart');
  await page.getByRole('button', { name: /^Ask/ }).click();
  const chart = page.getByRole('group', { name: /^events over time/ });
  await expect(chart.getByRole('img')).toHaveAttribute('aria-label', /most 5,696 on 2026-03-25 07:00:00 UTC/);
  await chart.focus();
  await page.keyboard.press('Home');
  await expect(page.getByText('900 · 2026-03-24 00:00:00 UTC')).toBeVisible();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByText('2026-03-25 22:00:00 UTC').first()).toBeVisible();
  await page.getByLabel('Times').selectOption('local');
  await expect(page.getByText('hour, times local')).toBeVisible();
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.getByRole('button', { name: 'Table' }).click();
  await expect(page.getByRole('table')).toBeVisible();
});

test('bytes over time are read in their units', async ({ page }) => {
  await api(page, (path, method) => (path === '/hunt' && method === 'POST' ? { body: answer([['hour', 'time'], ['sum_bytes', 'number']], [[hour(0), 1_200_000], [hour(1), 4_500_000]]) } : undefined));
  await page.goto('/hunt?sql=SELECT%201&show=chart');
  await page.getByRole('button', { name: /^Ask/ }).click();
  await expect(page.getByRole('img', { name: /least 1\.2 MB, most 4\.5 MB/ })).toBeVisible();
  await expect(page.getByText('6.0 MB')).toBeVisible();
});

test('a number over names stays bars', async ({ page }) => {
  await api(page, (path, method) => (path === '/hunt' && method === 'POST' ? { body: answer([['source', 'text'], ['events', 'number']], [['aws_cloudtrail', 9], ['okta_system', 3]]) } : undefined));
  await page.goto('/hunt?sql=SELECT%201&show=chart');
  await page.getByRole('button', { name: /^Ask/ }).click();
  await expect(page.getByRole('list', { name: 'events by source' }).getByRole('listitem')).toHaveCount(2);
});
