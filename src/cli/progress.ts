/** Bars for what takes long, on terminals alone: one line, which is wiped off when it is done. */
import { size } from './report.ts';

/** `done` of `total` bytes; without a total only what is being done is said. */
export type Progress = (what: string, done?: number, total?: number) => void;

const width = 24;
/** Files that are through in a blink get no bar. */
const patience = 200;

/** A line on a terminal, and what wipes it off. */
export function progressLine(
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): { progress: Progress; clear(): void } {
  const start = now();
  let last = Number.NEGATIVE_INFINITY;
  let shown = false;
  let before = '';
  return {
    progress(what, done, total) {
      const t = now();
      // A new stage shows at once, the same one not more often than an eye can follow.
      if (t - start < patience || (what === before && done !== total && t - last < 50)) return;
      [last, before, shown] = [t, what, true];
      write(`\r\x1b[K${line(what, done, total)}`);
    },
    clear() {
      if (shown) write('\r\x1b[K');
      shown = false;
    },
  };
}

function line(what: string, done?: number, total?: number): string {
  if (done === undefined || !total) return `${what} …`;
  const share = Math.min(1, done / total);
  const full = Math.round(share * width);
  const bar = '━'.repeat(full) + '─'.repeat(width - full);
  return `${what.padEnd(10)} ${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${size(done)} of ${size(total)}`;
}
