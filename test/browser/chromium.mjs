// The system's Chromium, without a window.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const places = [
  process.env.GRADLOOM_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is, or undefined. GRADLOOM_CHROMIUM names another. */
export const findChromium = () => places.find((p) => p && existsSync(p));

export function launch(args = []) {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Error('There is no Chromium here. Install it, or say where with GRADLOOM_CHROMIUM.');
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}

// By itself it says where Chromium is, and fails when it is nowhere.
if (fileURLToPath(import.meta.url) === process.argv[1]) {
  console.log(findChromium() ?? 'no Chromium');
  process.exit(findChromium() ? 0 : 1);
}
