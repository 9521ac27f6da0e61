import base from '../playwright.config.ts';
import { defineConfig } from '@playwright/test';

// One after the other and alone: what is measured is not to wait for another page.
export default defineConfig(base, { testDir: '.', outputDir: '../../.test-tools/console-bench', workers: 1, fullyParallel: false, timeout: 300_000, reporter: [['line']] });
