/**
 * Advance widths of DejaVu Sans in thousandths of the font size. Layout must know how wide a text
 * is where no font engine is at hand (Node, a worker), and the same text must be laid out alike
 * everywhere; so it is told from this table.
 */
const RUNS: readonly [first: number, widths: readonly number[]][] = [
  [
    0x20,
    '318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838'
      .split(' ')
      .map(Number),
  ],
  [
    0xa0,
    '318 401 636 636 636 636 337 500 500 1000 471 612 838 361 1000 500 500 838 401 401 500 636 636 318 500 401 471 612 969 969 969 531 684 684 684 684 684 684 974 698 632 632 632 632 295 295 295 295 775 748 787 787 787 787 787 838 787 732 732 732 732 611 605 630 613 613 613 613 613 613 982 550 615 615 615 615 278 278 278 278 612 634 612 612 612 612 612 838 612 634 634 634 634 592 635 592'
      .split(' ')
      .map(Number),
  ],
  [
    0x391,
    '684 686 557 684 632 685 752 787 295 656 684 863 748 632 787 752 603 600 632 611 611 787 685 787 764 295 611 659 541 634 338 579 659 638 592 612 541 544 634 612 338 589 592 636 559 558 612 602 635 587 634 602 579 660 578 660 837'
      .split(' ')
      .map(Number),
  ],
];

const SUPERSCRIPT = /[⁰¹²³⁴-⁹]/;

function advance(char: string): number {
  const code = char.codePointAt(0) as number;
  for (const [first, widths] of RUNS) {
    if (code >= first && code < first + widths.length) return widths[code - first];
  }
  if (SUPERSCRIPT.test(char)) return 401;
  if (char === '⁻') return 528;
  if (code >= 0x300 && code < 0x370) return 0;
  // CJK and emoji are as wide as they are tall; arrows and mathematics nearly so.
  if (code >= 0x2e80) return 1000;
  return code >= 0x2000 ? 838 : 640;
}

/** Share of the font size that letters rise above the baseline, and descend below it. */
export const ASCENT = 0.76;
export const DESCENT = 0.24;
/** Baseline to baseline, in font sizes. */
export const LINE_HEIGHT = 1.2;

/** Width of the widest line of `text` at the given font size, in the size's unit. */
export function textWidth(text: string, size: number, bold = false): number {
  let widest = 0;
  for (const line of text.split('\n')) {
    let w = 0;
    for (const char of line) w += advance(char);
    widest = Math.max(widest, w);
  }
  return (widest * size * (bold ? 1.11 : 1)) / 1000;
}

/** Height of `text`, all its lines, at the given font size. */
export function textHeight(text: string, size: number): number {
  return size * (ASCENT + DESCENT + (text.split('\n').length - 1) * LINE_HEIGHT);
}
