// The pages of the console, and what axe says of one.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger's protocol, which the page's policy does not hold up.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
    const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`);
  });
}

/** Pages: address, a word that only the data shows, a word of the empty state. */
export const PAGES: [string, string, RegExp | null][] = [
  ['/', 'A plan waits for you', /Nothing is burning/],
  ['/incidents', 'AKIA', /No incident yet/],
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
  ['/identities?view=rights', 'user/ci-deploy', /Nothing can be right-sized/],
  ['/identities?view=reviews', 'ann@example.com', /Nothing is due/],
  ['/identities?view=changes', 'restored', /No change was asked for/],
  ['/identities?key=identity%3Aaws%2Farn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Fci-deploy', 'Granted against used', null],
  ['/data?class=contact', 'Where contact lies', /No data is known/],
  ['/data?view=shares', 'Human Resources', /Nothing is shared that an inventory names/],
  ['/data?view=shares&thing=resource%3Agoogle%2Fdrive%2F0AHR', 'google_drive_permission/delete', null],
  ['/apps', 'Interview Notes', /No app is known/],
  ['/apps?key=identity%3Aapp%2Fgoogle%2F1234', 'What takes it out of use', null],
  ['/apps?view=ai&vendor=cohere', 'Who uses cohere', /No AI service shows/],
  ['/apps?view=editors', 'github.copilot', /No extension is known/],
  ['/detections', 'finding', /No detector is loaded/],
  ['/detections?view=findings', 'Findings', /Nothing was found/],
  ['/detections?finding=fnd-1', 'Detector', null],
  ['/detections?view=coverage', 'T1', /No technique is covered/],
  ['/detections?view=muted', 'the office moves', /Nothing is muted/],
  ['/hunt', 'user_agent', null],
  ['/ledger', 'entries', /No entry yet/],
  ['/ledger?entry=1', 'verified here', null],
  ['/settings', 'aws_cloudtrail', /No source is configured/],
  ['/settings?view=responders', 'Deactivate an Anthropic', /No responder/],
  ['/settings?view=policy', 'Mode', /No policy file/],
  ['/settings?view=tokens', 'grafana', /No token/],
];
