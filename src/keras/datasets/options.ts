/** What all data sets that come in a file take: see FileOptions. Apart from what reads the file, which is loaded later. */
export const fileOptions: readonly string[] = ['path', 'urls', 'cacheDir', 'signal', 'onProgress'];
