/**
 * The tests of readers on damaged files, with many more of them than `npm test` takes.
 *
 *     npm run fuzz             20,000 of each kind
 *     npm run fuzz -- 100000
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const wanted = process.argv[2] ?? '20000';
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const names = 'whatever|changed files|damaged';
const args = [
  'run',
  '-t',
  names,
  '--testTimeout',
  String(6 * 3600_000),
  'src/formats',
  'src/keras/saving',
  'src/onnx',
  'src/tfjs',
];
const { status } = spawnSync(process.execPath, [vitest, ...args], {
  stdio: 'inherit',
  env: { ...process.env, GRADLOOM_FUZZ: wanted },
});
process.exitCode = status ?? 1;
