import type { DownloadProgress } from './download.ts';

/** Shows downloads to a person: a bar that redraws itself on a terminal, plain lines elsewhere. */

/** What is needed of a stream such as `process.stderr`. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const REDRAW_MS = 100;
const BAR_WIDTH = 30;
const TAIL_WIDTH = ' 100%  10.0/47.0 MB  10.0 MB/s  ETA 10:00'.length;

export interface ProgressReporter {
  /** An `onProgress` for `download`. One reporter serves many files in turn. */
  report(progress: DownloadProgress): void;
  /** Ends a line left open by a download that failed, so that an error is not written into it. */
  end(): void;
}

export function createProgressReporter(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): ProgressReporter {
  let current: { file: string; host: string; started: number; from: number } | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const end = () => {
    if (current && stream.isTTY) stream.write('\n');
    current = undefined;
  };
  const report = (progress: DownloadProgress) => {
    const { file, host, received, done } = progress;
    // A change of host is a new try from another mirror, with a speed of its own.
    if (current?.file !== file || current.host !== host || received < current.from) {
      // The line of a try that came to nothing stays, so that a change of mirror can be seen.
      end();
      current = { file, host, started: now(), from: received };
      drawnAt = Number.NEGATIVE_INFINITY;
      if (!stream.isTTY) stream.write(`${startLine(progress)}\n`);
    }
    const seconds = (now() - current.started) / 1000;
    const rate = seconds > 0 ? (received - current.from) / seconds : 0;
    if (!stream.isTTY) {
      if (done) stream.write(`${doneLine(progress, seconds)}\n`);
    } else if (done || now() - drawnAt >= REDRAW_MS) {
      drawnAt = now();
      // One column is left free: a full line makes some terminals wrap, and then \r is not enough.
      const width = (stream.columns || 80) - 1;
      const line = formatProgress(progress, rate, seconds, width);
      stream.write(`\r${line.padEnd(width)}${done ? '\n' : ''}`);
    }
    if (done) current = undefined;
  };
  return { report, end };
}

/**
 * One line of at most `width` columns, such as
 * `train-images.gz [=======>      ]  52%  5.2/9.9 MB  2.1 MB/s  ETA 0:03`.
 *
 * On a narrow terminal the bar shrinks and then goes, and then the name is cut.
 */
export function formatProgress(
  progress: DownloadProgress,
  bytesPerSecond: number,
  seconds: number,
  width: number,
): string {
  const { received, total, done } = progress;
  const speed = bytesPerSecond > 0 ? `  ${formatBytes(bytesPerSecond)}/s` : '';
  let tail: string;
  let fraction: number | undefined;
  if (total === undefined) {
    tail = `  ${formatBytes(received)}${speed}  ${clock(seconds)}`;
  } else {
    fraction = total > 0 ? Math.min(1, received / total) : 1;
    const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
    const eta =
      bytesPerSecond > 0 ? `  ETA ${clock(Math.ceil((total - received) / bytesPerSecond))}` : '';
    tail = ` ${percent}  ${formatPair(received, total)}${speed}${done ? `  in ${clock(seconds)}` : eta}`;
  }
  // Room for the longest usual tail, so that the bar keeps its length as digits come and go.
  const room = width - progress.file.length - Math.max(tail.length, TAIL_WIDTH) - ' []'.length;
  const bar =
    fraction !== undefined && room >= 5 ? ` [${drawBar(fraction, Math.min(room, BAR_WIDTH))}]` : '';
  const nameWidth = Math.max(0, width - bar.length - tail.length);
  return `${shorten(progress.file, nameWidth)}${bar}${tail}`.slice(0, width);
}

/** Bytes in decimal units to two or three digits: `987 B`, `4.5 kB`, `9.9 MB`, `120 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // 999.5 would be rounded to 1000 of this unit, which is 1.0 of the next.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${inDigits(value, unit)} ${units[unit]}`;
}

function formatPair(received: number, total: number): string {
  const [size, unit] = formatBytes(total).split(' ');
  const power = ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit);
  const part = (received / 1000 ** power).toFixed(size.includes('.') ? 1 : 0);
  // Padded, so that the line does not jump when a digit is added.
  return `${part.padStart(size.length)}/${size} ${unit}`;
}

function inDigits(value: number, unit: number): string {
  return value.toFixed(unit > 0 && value < 99.95 ? 1 : 0);
}

function startLine({ file, host, received, total, resumedFrom }: DownloadProgress): string {
  const size = total === undefined ? '' : ` (${formatBytes(total)})`;
  const resumed = resumedFrom > 0 ? `, resuming at ${formatBytes(received)}` : '';
  return `Downloading ${file}${size} from ${host}${resumed}`;
}

function doneLine({ file, received }: DownloadProgress, seconds: number): string {
  return `Downloaded ${file}: ${formatBytes(received)} in ${seconds.toFixed(1)} s`;
}

function drawBar(fraction: number, width: number): string {
  const full = Math.floor(fraction * width);
  if (full === width) return '='.repeat(width);
  return `${'='.repeat(full)}>`.padEnd(width);
}

function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  return width > 3 ? `${text.slice(0, width - 3)}...` : text.slice(0, width);
}

/** Whole seconds as `m:ss` or `h:mm:ss`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}
