// The whole console is small: what the browser fetches for all pages together, compressed.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';

test('all files together are under 500 kB compressed, and none is inline or from elsewhere', () => {
  const dist = join(import.meta.dirname, '..', 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) => join(dist, name)).filter((file) => statSync(file).isFile());
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  expect(bytes).toBeLessThan(500_000);
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<style|style=|<script(?![^>]* src="\/)|https?:/);
});
