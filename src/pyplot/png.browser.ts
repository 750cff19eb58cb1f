import { GradloomError } from '../errors.ts';

/**
 * Turns an SVG document into a PNG file's bytes, as the browser draws it, fonts included.
 * @param svg the document
 * @param width pixels across
 * @throws GradloomError `pyplot.png` in a worker, which cannot draw SVG
 */
export async function svgToPng(svg: string, width: number): Promise<Uint8Array> {
  if (typeof document === 'undefined')
    throw new GradloomError(
      'pyplot.png',
      'Only a page can draw an SVG, a worker cannot: post the text of toSVG() to the page.',
    );
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = Math.round((width * image.naturalHeight) / image.naturalWidth);
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
    if (!blob) throw new Error(`no canvas of ${canvas.width} x ${canvas.height}`);
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new GradloomError(
      'pyplot.png',
      `The browser could not draw the figure ${width} pixels wide: ${(cause as Error).message}.`,
      { width },
      { cause },
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
