/**
 * Functions whose code is loaded when they are first called, so that a page that never calls them
 * does not wait for them. Only for functions that are async anyway.
 */
export function later<F extends (...args: never[]) => Promise<unknown>>(load: () => Promise<F>): F {
  return (async (...args: never[]) => (await load())(...args)) as F;
}
