/** Whether Node's built-in modules can be imported here (Node itself, Bun, Deno; not browsers). */
export function isNode(): boolean {
  return typeof process !== 'undefined' && typeof process.versions?.node === 'string';
}
