/**
 * The site end to end: `npm run test:playground`. `-- --built` takes the last build, `-- --shots DIR`
 * writes screenshots.
 */
import { mkdirSync } from 'node:fs';
import { buildSite, launch, serveSite } from './browser.ts';
import { checks } from './checks.ts';

const at = process.argv.indexOf('--shots');
const shots = at > 0 ? process.argv[at + 1] : undefined;
if (shots) mkdirSync(shots, { recursive: true });
const only = process.argv.indexOf('--only');
const wanted = only > 0 ? process.argv[only + 1] : '';

await buildSite();
const site = await serveSite();
const browser = await launch();
let failed = 0;
try {
  for (const [name, check] of Object.entries(checks)) {
    if (!name.includes(wanted)) continue;
    const start = performance.now();
    try {
      const note = await check({ url: site.url, browser, shots });
      console.log(
        `ok    ${name}${note ? ` (${note})` : ''}, ${((performance.now() - start) / 1000).toFixed(1)} s`,
      );
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n${(error as Error).stack}`);
    }
  }
} finally {
  await browser.close();
  await site.close();
}
process.exit(failed > 0 ? 1 : 0);
