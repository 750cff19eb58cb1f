/** What an einsum equation says of the shapes of kernel, bias and output. */
import { GradloomError } from '../../../errors.ts';
import type { BatchShape } from '../types.ts';

export interface EinsumShapes {
  readonly kernel: readonly number[];
  readonly bias: readonly number[] | undefined;
  readonly output: BatchShape;
  /** Axes of the kernel that are summed over, and that appear in the output. */
  readonly inputAxes: readonly number[];
  readonly outputAxes: readonly number[];
}

const letters = '([a-zA-Z]+)';
const forms = [
  new RegExp(`^${letters},${letters}->${letters}$`),
  new RegExp(`^\\.\\.\\.${letters},${letters}->\\.\\.\\.${letters}$`),
  new RegExp(`^([a-zA-Z]{2,})\\.\\.\\.,${letters}->${letters}\\.\\.\\.$`),
];

export interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** Where the ellipsis is. */
  readonly elided: 'none' | 'left' | 'right';
}

/** Throws `layer-option` for what is not `ab,bc->ac`, `...ab,bc->...ac` or `ab...,bc->ac...`. */
export function parseEquation(what: string, equation: unknown): Equation {
  const text = typeof equation === 'string' ? equation.replace(/\s/g, '') : '';
  for (const [i, form] of forms.entries()) {
    const match = form.exec(text);
    if (!match) continue;
    const [, input, kernel, output] = match;
    const twice = [input, kernel, output].find((s) => new Set(s).size !== s.length);
    const alone = [...output].find((l) => !input.includes(l) && !kernel.includes(l));
    const unmatched = [...kernel].find((l) => !input.includes(l) && !output.includes(l));
    const why = twice
      ? `"${twice}" names a dimension twice`
      : alone
        ? `"${alone}" of the output is in neither operand`
        : unmatched && `"${unmatched}" of the kernel is in neither the input nor the output`;
    if (why)
      throw new GradloomError('layer-option', `${what}: equation "${text}": ${why}.`, { equation });
    return { input, kernel, output, elided: (['none', 'left', 'right'] as const)[i] };
  }
  throw new GradloomError(
    'layer-option',
    `${what}: equation must be of the form "ab,bc->ac", "...ab,bc->...ac" or "ab...,bc->ac..."; received ${JSON.stringify(equation)}.`,
    { equation },
  );
}

/**
 * The shapes for an input: `given` is the output's shape without the batch, and without what the
 * ellipsis stands for; null takes the input's size. Returns what is wrong as text.
 */
export function resolveShapes(
  { input, kernel, output, elided }: Equation,
  inputShape: BatchShape,
  given: readonly (number | null)[],
  biasAxes: string | null,
): EinsumShapes | string {
  const free = inputShape.length - input.length;
  if (free < 0 || (elided === 'none' && free > 0))
    return `inputs of ${elided === 'none' ? '' : 'at least '}${input.length} dimensions, "${input}"`;
  const full: (number | null)[] = [inputShape[0], ...given];
  if (elided === 'left') full.splice(1, 0, ...inputShape.slice(1, Math.max(1, free)));
  if (elided === 'right') full.push(...inputShape.slice(input.length));
  const shift = elided === 'left' ? free : 0;
  const named = elided === 'none' ? output.length : output.length + free;
  if (full.length !== named)
    return `an outputShape of ${output.length - (elided === 'left' && free > 0 ? 0 : 1)} sizes, for "${output}" without the batch, not ${given.length}`;

  const sizeIn = new Map([...input].map((l, i) => [l, inputShape[i + shift]]));
  const sizeOut = new Map([...output].map((l, i) => [l, full[i + shift]]));
  for (const [l, n] of sizeIn) {
    const out = sizeOut.get(l);
    if (out === undefined) continue;
    if (out === null) {
      sizeOut.set(l, n);
      full[output.indexOf(l) + shift] = n;
    } else if (n !== null && out !== n) return `"${l}" of the input to be ${out}, as in the output`;
  }
  const sizes = [...kernel].map((l) => sizeOut.get(l) ?? sizeIn.get(l) ?? null);
  const open = sizes.indexOf(null);
  if (open >= 0) return `a known size of "${kernel[open]}"`;
  const axes = [...kernel].map((_, i) => i);
  return {
    kernel: sizes as number[],
    bias: biasAxes
      ? biasShape(biasAxes, output, sizeOut, elided === 'right' ? free : 0)
      : undefined,
    output: full,
    inputAxes: axes.filter((i) => !output.includes(kernel[i])),
    outputAxes: axes.filter((i) => output.includes(kernel[i])),
  };
}

/** 1 where the bias is shared; from the first dimension that has it on. */
function biasShape(
  biasAxes: string,
  output: string,
  sizes: ReadonlyMap<string, number | null>,
  trailing: number,
): number[] {
  const first = Math.min(...[...biasAxes].map((l) => output.indexOf(l)));
  const own = [...output.slice(first)].map((l) => (biasAxes.includes(l) ? sizes.get(l)! : 1));
  return [...own, ...new Array<number>(trailing).fill(1)];
}

/** Throws `layer-option` for a letter that the output has not. */
export function checkBiasAxes(what: string, biasAxes: unknown, output: string): string | null {
  if (biasAxes == null || biasAxes === '') return null;
  const text = String(biasAxes);
  const missing = [...text].find((l) => !output.includes(l));
  if (missing === undefined) return text;
  throw new GradloomError(
    'layer-option',
    `${what}: biasAxes "${text}" names "${missing}", which is not in the output "${output}".`,
    { biasAxes },
  );
}
