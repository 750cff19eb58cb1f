/** Leaves out of the bundles what only Node can use; the library reaches it behind a test for Node. */
import type { Plugin } from 'vite';

const packages = ['@resvg/resvg-js', 'koffi', 'dejavu-fonts-ttf', 'webgpu'];
const empty = '\0server-only';

export function serverOnly(): Plugin {
  return {
    name: 'server-only',
    enforce: 'pre',
    resolveId(id) {
      return id.endsWith('.node.ts') || packages.includes(id) || id.startsWith('node:')
        ? empty
        : null;
    },
    load(id) {
      return id === empty ? { code: 'export default {};', syntheticNamedExports: true } : null;
    },
  };
}
