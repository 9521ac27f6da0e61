// The console's score: what axe finds and what the browser's console notes, over every page in both themes.

import { PAGES, violations } from '../tests/pages.ts';
import { api, expect, test } from '../tests/page.ts';
import { say } from './say.ts';

test.use({ silent: false });
test('score', async ({ page, faults }) => {
  let found = 0;
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [address, word] of PAGES) {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await api(page);
      await page.goto(address);
      await expect(page.getByText(word).first()).toBeVisible();
      found += (await violations(page)).length;
    }
  }
  say(`${JSON.stringify({ pages: PAGES.length, axe_violations: found, console_errors: faults.length })}`);
  expect([found, faults.length]).toEqual([0, 0]);
});
