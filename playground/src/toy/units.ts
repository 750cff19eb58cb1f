/** What every hidden unit has learned, as small pictures of the plane, a row a layer. */
import { h, setText } from '../ui/dom.ts';
import { largest, paintSigned } from '../ui/pixels.ts';
import { planeSide, type ToyFrame } from './protocol.ts';

export interface Units {
  readonly element: HTMLElement;
  show(units: ToyFrame['units']): void;
}

export function makeUnits(): Units {
  const element = h('div', { class: 'units', role: 'img', label: 'toy.units' });
  let canvases: HTMLCanvasElement[][] = [];
  return {
    element,
    show(units) {
      if (canvases.map((l) => l.length).join() !== units.map((l) => l.length).join()) {
        canvases = units.map((layer) => layer.map(() => h('canvas', {})));
        element.replaceChildren(
          ...canvases.map((layer, i) => {
            const name = h('span', { class: 'quiet' });
            setText(name, 'toy.layer', { n: i + 1 });
            return h(
              'div',
              { class: 'units-layer' },
              name,
              h('div', { class: 'units-row' }, layer),
            );
          }),
        );
      }
      units.forEach((layer, i) => {
        layer.forEach((values, u) => {
          paintSigned(canvases[i][u], values, planeSide, planeSide, Math.max(0.2, largest(values)));
        });
      });
    },
  };
}
