/** Digits turned, sheared, resized and moved a little: people draw less evenly than MNIST's writers. */

/** Another version of every image; `images` holds n of 28 x 28 grey levels. */
export function augment(images: Uint8Array, random: () => number): Uint8Array {
  const out = new Uint8Array(images.length);
  const spread = (range: number): number => (random() * 2 - 1) * range;
  for (let start = 0; start < images.length; start += 784) {
    const angle = spread(0.26);
    const scale = 1 + spread(0.16);
    const stretch = 1 + spread(0.12);
    const shear = spread(0.22);
    const [dx, dy] = [spread(2), spread(2)];
    const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
    // What is drawn with a mouse is brighter and more even than ink.
    const gain = 1 + random() * 0.7;
    for (let y = 0; y < 28; y++) {
      for (let x = 0; x < 28; x++) {
        const [px, py] = [x - 13.5 - dx, y - 13.5 - dy];
        const u = (cos * px + sin * py) * stretch + shear * py + 13.5;
        const v = -sin * px + cos * py + 13.5;
        out[start + y * 28 + x] = Math.min(255, gain * sample(images, start, u, v));
      }
    }
  }
  return out;
}

function sample(images: Uint8Array, start: number, u: number, v: number): number {
  const [x, y] = [Math.floor(u), Math.floor(v)];
  if (x < 0 || y < 0 || x > 26 || y > 26) return 0;
  const [fx, fy] = [u - x, v - y];
  const at = start + y * 28 + x;
  const top = images[at] * (1 - fx) + images[at + 1] * fx;
  const bottom = images[at + 28] * (1 - fx) + images[at + 29] * fx;
  return top * (1 - fy) + bottom * fy;
}
