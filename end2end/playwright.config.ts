import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

const debian = '/usr/bin/chromium';
// Undefined: the browser that Playwright downloaded itself.
const executablePath = process.env.CHROMIUM || (existsSync(debian) ? debian : undefined);

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  workers: 2,
  fullyParallel: true,
  // A test that passes only at the second try has found something.
  retries: 0,
  forbidOnly: !!process.env.CI,
  // The page of a development build is tens of megabytes of WASM, and the machine may be small.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [
    ['list'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json' }],
  ],
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox', // in a container the browser runs as root
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
