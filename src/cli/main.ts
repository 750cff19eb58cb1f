#!/usr/bin/env node
/** `npx gradloom`. */
import { run } from './command.ts';

// `gradloom inspect FILE | head`: whoever reads has seen enough.
process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code !== 'EPIPE') throw e;
  process.exit(0);
});
process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY === true,
});
