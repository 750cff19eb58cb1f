/** Standard output, where there is one; the console elsewhere. */
interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Output {
  /** Whether lines can be overwritten and coloured. */
  readonly live: boolean;
  readonly color: boolean;
  write(text: string): void;
}

export function standardOutput(): Output {
  const p = (
    globalThis as { process?: { stdout?: Stream; env?: Record<string, string | undefined> } }
  ).process;
  const stream = p?.stdout;
  if (!stream) {
    // A console has whole lines only.
    return {
      live: false,
      color: false,
      write: (text) => {
        const line = text.replace(/\n$/, '');
        if (line) console.log(line);
      },
    };
  }
  const live = Boolean(stream.isTTY);
  return { live, color: live && !p?.env?.NO_COLOR, write: (text) => void stream.write(text) };
}
