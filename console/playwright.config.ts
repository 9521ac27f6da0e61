import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  forbidOnly: true,
  workers: Number(process.env.CONSOLE_WORKERS ?? 2),
  reporter: [['line']],
  outputDir: '../.test-tools/console-results',
  timeout: 30_000,
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // The system's Chromium: nothing is downloaded.
    launchOptions: { executablePath: process.env.CONSOLE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
});
