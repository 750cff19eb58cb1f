/** A square to draw on: mouse, touch and pen, and the keyboard. */
import { h } from '../ui/dom.ts';
import { centerDigit } from './center.ts';

/** Resolution of the drawing; what the network sees is made of it. */
const size = 280;
const stroke = 22;
/** What an arrow key moves the pen by. */
const stride = 14;

export interface Pad {
  readonly element: HTMLElement;
  clear(): void;
  /** Shows 28 x 28 grey levels as the drawing. */
  put(pixels: Uint8Array): void;
  /** The drawing as MNIST has it. */
  pixels(): Uint8Array;
  readonly empty: boolean;
}

export function makePad(onChange: () => void): Pad {
  const canvas = h('canvas', {
    class: 'pad',
    width: size,
    height: size,
    tabindex: 0,
    role: 'application',
    label: 'draw.pad',
  });
  const cursor = h('span', { class: 'pen-cursor', hidden: true });
  const element = h('div', { class: 'pad-frame' }, canvas, cursor);
  const ctx = canvas.getContext('2d', { willReadFrequently: true })!;
  let empty = true;
  let last: { x: number; y: number } | undefined;
  const pen = { x: size / 2, y: size / 4, down: false };

  const begin = (): void => {
    ctx.fillStyle = '#000';
    ctx.fillRect(0, 0, size, size);
    ctx.strokeStyle = '#fff';
    ctx.lineWidth = stroke;
    ctx.lineCap = 'round';
    ctx.lineJoin = 'round';
  };
  begin();

  const line = (from: { x: number; y: number }, to: { x: number; y: number }): void => {
    ctx.beginPath();
    // A line to where it begins leaves no ink, but a pen that touches paper does.
    if (from.x === to.x && from.y === to.y) {
      ctx.arc(to.x, to.y, stroke / 2, 0, 2 * Math.PI);
      ctx.fillStyle = '#fff';
      ctx.fill();
    } else {
      ctx.moveTo(from.x, from.y);
      ctx.lineTo(to.x, to.y);
      ctx.stroke();
    }
    empty = false;
  };
  const place = (e: PointerEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((e.clientX - box.left) / box.width) * size,
      y: ((e.clientY - box.top) / box.height) * size,
    };
  };
  canvas.addEventListener('pointerdown', (e) => {
    if (e.button !== 0) return;
    e.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(e.pointerId);
    cursor.hidden = true;
    last = place(e);
    line(last, last);
    onChange();
  });
  canvas.addEventListener('pointermove', (e) => {
    if (!last) return;
    // A pen reports more places than the screen has frames.
    for (const p of e.getCoalescedEvents?.() ?? [e]) {
      const next = place(p);
      line(last, next);
      last = next;
    }
    onChange();
  });
  const lift = (): void => {
    last = undefined;
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);

  const showCursor = (): void => {
    cursor.hidden = false;
    cursor.style.left = `${(pen.x / size) * 100}%`;
    cursor.style.top = `${(pen.y / size) * 100}%`;
    cursor.classList.toggle('down', pen.down);
  };
  canvas.addEventListener('keydown', (e) => {
    const move: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-stride, 0],
      ArrowRight: [stride, 0],
      ArrowUp: [0, -stride],
      ArrowDown: [0, stride],
    };
    const by = move[e.key];
    if (by) {
      const from = { x: pen.x, y: pen.y };
      pen.x = Math.min(size - stroke, Math.max(stroke, pen.x + by[0]));
      pen.y = Math.min(size - stroke, Math.max(stroke, pen.y + by[1]));
      if (pen.down) {
        line(from, pen);
        onChange();
      }
    } else if (e.key === ' ' || e.key === 'Enter') pen.down = !pen.down;
    else if (e.key === 'Delete' || e.key === 'Backspace' || e.key === 'Escape') pad.clear();
    else return;
    e.preventDefault();
    showCursor();
  });
  canvas.addEventListener('blur', () => {
    cursor.hidden = true;
    pen.down = false;
  });

  const pad: Pad = {
    element,
    get empty(): boolean {
      return empty;
    },
    clear() {
      begin();
      empty = true;
      pen.down = false;
      onChange();
    },
    put(pixels) {
      const image = ctx.createImageData(28, 28);
      for (let i = 0; i < 784; i++) image.data.set([pixels[i], pixels[i], pixels[i], 255], i * 4);
      const small = h('canvas', { width: 28, height: 28 });
      small.getContext('2d')!.putImageData(image, 0, 0);
      ctx.drawImage(small, 0, 0, size, size);
      empty = false;
      onChange();
    },
    pixels() {
      const { data } = ctx.getImageData(0, 0, size, size);
      const ink = new Uint8Array(size * size);
      for (let i = 0; i < ink.length; i++) ink[i] = data[i * 4];
      return centerDigit(ink, size, size);
    },
  };
  return pad;
}
