import { GradloomError } from '../errors.ts';

/** Fonts shipped by the optional package `dejavu-fonts-ttf`, so that text needs no system font. */
const FONT_FILES = ['ttf/DejaVuSans.ttf', 'ttf/DejaVuSans-Bold.ttf'];

async function fontFiles(): Promise<string[]> {
  const { createRequire } = await import('node:module');
  const require = createRequire(import.meta.url);
  try {
    return FONT_FILES.map((file) => require.resolve(`dejavu-fonts-ttf/${file}`));
  } catch {
    return [];
  }
}

/**
 * Turns an SVG document into a PNG file's bytes (Node only).
 * @param svg the document
 * @param width pixels across
 * @throws GradloomError `pyplot.png` when `@resvg/resvg-js` is not installed
 */
export async function svgToPng(svg: string, width: number): Promise<Uint8Array> {
  let resvg: typeof import('@resvg/resvg-js');
  try {
    resvg = await import('@resvg/resvg-js');
  } catch (cause) {
    throw new GradloomError(
      'pyplot.png',
      'Writing PNG needs the optional package @resvg/resvg-js. Install it with ' +
        '`npm install @resvg/resvg-js`, or save as .svg.',
      {},
      { cause },
    );
  }
  const files = await fontFiles();
  // Looking through the system's fonts takes long; it is worth it only for letters that DejaVu
  // Sans lacks (CJK, emoji) or when DejaVu itself is missing.
  const loadSystemFonts =
    files.length === 0 || /[\u0900-\u109f\u2e80-\ud7ff\uf900-\uffef]|[\ud800-\udbff]/.test(svg);
  const image = new resvg.Resvg(svg, {
    fitTo: { mode: 'width', value: width },
    font: {
      loadSystemFonts,
      fontFiles: files,
      ...(files.length > 0 && { defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' }),
    },
  });
  return image.render().asPng();
}
