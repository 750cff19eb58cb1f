/** Figures in a page: shown in the document, and as a PNG file. */
import * as plt from '../../src/pyplot/index.ts';
import { describe, expect, it, run } from './harness.ts';

describe('a figure', () => {
  it('is shown in the document', async () => {
    plt.plot([1, 3, 2], { label: 'loss' });
    plt.legend();
    await plt.show();
    const svg = document.querySelector('svg')!;
    expect(svg.getBoundingClientRect().width).toBeGreaterThan(100);
    expect(svg.textContent ?? '').toMatch(/loss/);
  });

  it('is a PNG file of the size asked for, with the curve in it', async () => {
    const figure = new plt.Figure({ figsize: [4, 3] });
    figure.addSubplot().plot([0, 1, 0, 1], { color: '#ff0000' });
    const png = await figure.toPNG(100);
    const picture = await createImageBitmap(
      new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
    );
    expect([picture.width, picture.height]).toEqual([400, 300]);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [400, 300];
    const context = canvas.getContext('2d')!;
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, 400, 300);
    let red = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i] > 200 && data[i + 1] < 80 && data[i + 2] < 80 && data[i + 3] > 200) red++;
    expect(red).toBeGreaterThan(300);
    expect(red).toBeLessThan(5000);
  });
});
await run();
