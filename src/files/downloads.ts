/** Files that a page gives to its user. */
import { GradloomError } from '../errors.ts';
import type { Place } from './places.ts';

/** Long enough for a browser to have begun with a file, which it may ask its user about. */
const keptFor = 60_000;

export function asDownload(who: string, name: string): Place {
  return {
    // What lies in the user's folder is not for pages to know; browsers number names that are taken.
    exists: async () => false,
    async write(bytes) {
      if (typeof document === 'undefined')
        throw new GradloomError(
          'file-unwritable',
          `${who}: only a page can start the download "${name}": not Node, and not a worker, which can post the bytes to its page.`,
          { name },
        );
      const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], {
        type: 'application/octet-stream',
      });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), keptFor);
    },
    async read() {
      throw new GradloomError(
        'file-unreadable',
        `${who}: a page cannot read "downloads://${name}" by itself. Let the user choose the file (<input type="file"> or showOpenFilePicker) and give ${who} that file.`,
        { name },
      );
    },
  };
}
