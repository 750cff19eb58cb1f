import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Folder of an installed npm package, or undefined. Looked for where Gradloom is installed and then
 * from the working directory, since a program's own dependencies need not be visible to Gradloom.
 * The package's code is not run.
 */
export function findPackage(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
