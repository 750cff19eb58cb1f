/** Text to numbers: standardized, split into tokens, joined to n-grams, looked up. */
import { GradloomError } from '../../../errors.ts';
import { fromData, type Tensor, type TensorLike } from '../../../tensor/index.ts';
import { customPart, serializeFunction } from '../../custom-objects.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, type LayerOptions } from '../layer.ts';
import { type AdaptData, type AdaptOptions, batchesOf } from './batches.ts';
import { encodedShape } from './encode.ts';
import { HostLayer } from './host-layer.ts';
import { StringLookup } from './string-lookup.ts';
import { flattenStrings, type Strings } from './strings.ts';
import { Counts } from './vocabulary.ts';

export type Standardize = 'lowerAndStripPunctuation' | 'lower' | 'stripPunctuation';
export type Split = 'whitespace' | 'character';

export interface TextVectorizationOptions extends LayerOptions {
  /** The most tokens, with the padding's and the unknown tokens' places; null for no limit. */
  readonly maxTokens?: number | null;
  /** Default `lowerAndStripPunctuation`; null for none; or a function of a text. */
  readonly standardize?: Standardize | (string & {}) | ((text: string) => string) | null;
  /** Default `whitespace`; null takes every text for a token; or a function of a text. */
  readonly split?: Split | (string & {}) | ((text: string) => readonly string[]) | null;
  /** Up to n words together, or of the lengths given. */
  readonly ngrams?: number | readonly number[] | null;
  /** `int` (default), `multiHot`, `count` or `tfIdf`. */
  readonly outputMode?: string;
  /** Cut or filled with 0 to this length, in mode `int`; default the longest of the batch. */
  readonly outputSequenceLength?: number | null;
  readonly padToMaxTokens?: boolean;
  readonly vocabulary?: readonly string[] | null;
  readonly idfWeights?: readonly number[] | null;
}

const own = [
  'maxTokens',
  'standardize',
  'split',
  'ngrams',
  'outputMode',
  'outputSequenceLength',
  'padToMaxTokens',
  'vocabulary',
  'idfWeights',
];

const punctuation = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const plain = (s: string): string => s.toLowerCase().replace(/[_\-\s]/g, '');

function choose<T extends string>(
  what: string,
  option: string,
  given: unknown,
  allowed: readonly T[],
): T | null | ((text: string) => unknown) {
  if (given === null) return null;
  const own = typeof given === 'function' ? given : customPart(given);
  if (typeof own === 'function') return own as (text: string) => unknown;
  const found = allowed.find((a) => typeof given === 'string' && plain(a) === plain(given));
  if (found) return found;
  throw new GradloomError(
    'layer-option',
    `${what}: ${option} is ${allowed.join(', ')}, null or a function; received ${JSON.stringify(given)}.`,
    { [option]: given },
  );
}

/**
 * Texts (a list, or a list of lists of one) to (batch, tokens) of int32 numbers: 0 is padding, 1 an
 * unknown token; or to (batch, vocabulary) vectors. Works on the host: for input pipelines.
 */
export class TextVectorization extends HostLayer {
  readonly #standardize: Standardize | null | ((text: string) => unknown);
  readonly #split: Split | null | ((text: string) => unknown);
  readonly #ngrams: readonly number[] | null;
  readonly #length: number | null;
  readonly #options: TextVectorizationOptions;
  /** Holds the vocabulary. */
  readonly lookupLayer: StringLookup;

  constructor(o: TextVectorizationOptions = {}) {
    super(o);
    const what = `TextVectorization "${this.name}"`;
    checkOptions(what, o, [...baseOptions, ...own]);
    const given = <T>(v: T | undefined, fallback: T): T => (v === undefined ? fallback : v);
    this.#options = o;
    this.#standardize = choose<Standardize>(
      what,
      'standardize',
      given(o.standardize, 'lowerAndStripPunctuation'),
      ['lowerAndStripPunctuation', 'lower', 'stripPunctuation'],
    );
    this.#split = choose<Split>(what, 'split', given(o.split, 'whitespace'), [
      'whitespace',
      'character',
    ]);
    const n = o.ngrams ?? null;
    this.#ngrams =
      n === null ? null : typeof n === 'number' ? Array.from({ length: n }, (_, i) => i + 1) : n;
    if (
      this.#ngrams &&
      !(this.#ngrams.length > 0 && this.#ngrams.every((k) => Number.isInteger(k) && k > 0))
    )
      throw this.#wrong(
        `ngrams is a whole number or a list of them; received ${JSON.stringify(n)}`,
      );
    this.lookupLayer = new StringLookup({
      name: `${this.name}_lookup`,
      maxTokens: o.maxTokens,
      maskToken: '',
      outputMode: o.outputMode ?? 'int',
      padToMaxTokens: o.padToMaxTokens,
      vocabulary: o.vocabulary,
      idfWeights: o.idfWeights,
    });
    this.#length = o.outputSequenceLength ?? null;
    if (this.#length !== null && !(Number.isInteger(this.#length) && this.#length > 0))
      throw this.#wrong(
        `outputSequenceLength must be a whole number of 1 or more; received ${o.outputSequenceLength}`,
      );
    if (this.#length !== null && this.lookupLayer.outputMode !== 'int')
      throw this.#wrong('outputSequenceLength goes with outputMode "int"');
  }

  #wrong(message: string): GradloomError {
    return new GradloomError('layer-option', `TextVectorization "${this.name}": ${message}.`, {
      layer: this.name,
    });
  }

  /** The tokens of a text. */
  tokenize(text: string): string[] {
    const s = this.#standardize;
    let t = text;
    if (typeof s === 'function') t = String(s(t));
    if (s === 'lower' || s === 'lowerAndStripPunctuation') t = t.toLowerCase();
    if (s === 'stripPunctuation' || s === 'lowerAndStripPunctuation')
      t = t.replace(punctuation, '');
    const words = this.#words(t);
    if (!this.#ngrams) return words;
    return this.#ngrams.flatMap((n) =>
      Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) =>
        words.slice(i, i + n).join(' '),
      ),
    );
  }

  #words(t: string): string[] {
    const split = this.#split;
    if (split === null) return [t];
    if (split === 'character') return [...t];
    // ASCII white space only, as TensorFlow splits.
    if (split === 'whitespace') return t.split(/[ \t\n\v\f\r]+/).filter((w) => w !== '');
    const words = split(t);
    if (Array.isArray(words) && words.every((w) => typeof w === 'string')) return words;
    throw this.#wrong('the split function must return a list of strings');
  }

  #texts(x: unknown): string[] {
    const { flat, shape } = flattenStrings(x as Strings, `TextVectorization "${this.name}"`);
    if (shape.length <= 1 || (shape.length === 2 && shape[1] === 1)) return flat;
    throw this.shapeError('a list of texts, or of lists of one', shape);
  }

  /** Learns the vocabulary from texts: the most frequent tokens first. */
  async adapt(data: AdaptData, o: AdaptOptions = {}): Promise<void> {
    if (this.#options.vocabulary != null)
      throw new GradloomError(
        'vocabulary',
        `TextVectorization "${this.name}" was made with a vocabulary; there is nothing to adapt.`,
      );
    const counts = new Counts<string>();
    for await (const batch of batchesOf('TextVectorization', data, o))
      for (const text of this.#texts(batch)) counts.add(this.tokenize(text));
    this.lookupLayer.learn(counts);
  }

  setVocabulary(tokens: readonly string[], idfWeights?: readonly number[]): void {
    this.lookupLayer.setVocabulary(tokens, idfWeights);
  }
  getVocabulary(o: { readonly includeSpecialTokens?: boolean } = {}): string[] {
    return this.lookupLayer.getVocabulary(o);
  }
  vocabularySize(): number {
    return this.lookupLayer.vocabularySize();
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    const { outputMode, depth } = this.lookupLayer;
    if (outputMode === 'int') return [s[0], this.#length];
    return encodedShape([s[0], null], outputMode, depth);
  }

  protected override compute(x: Strings | TensorLike): Tensor {
    const texts = this.#texts(x);
    // Texts that are not split stay single tokens: no dimension is added.
    if (this.#split === null && this.#ngrams === null && this.#length === null)
      return this.lookupLayer.encodeTokens(
        texts.flatMap((t) => this.tokenize(t)),
        flattenStrings(x as Strings, this.name).shape,
      );
    const rows = texts.map((t) => this.tokenize(t));
    const longest = Math.max(1, ...rows.map((r) => r.length));
    const n = this.#length ?? longest;
    const padded = rows.flatMap((r) => [
      ...r.slice(0, n),
      ...Array<string>(Math.max(0, n - r.length)).fill(''),
    ]);
    const single = typeof x === 'string';
    if (padded.length === 0) return fromData(new Int32Array(0), [0, n], 'int32');
    return this.lookupLayer.encodeTokens(padded, single ? [n] : [rows.length, n]);
  }

  override getConfig(): Record<string, unknown> {
    const { vocabulary, idfWeights } = this.lookupLayer.getConfig();
    const name = (f: unknown): unknown => (typeof f === 'function' ? serializeFunction(f) : f);
    const o = this.#options;
    return {
      ...super.getConfig(),
      maxTokens: o.maxTokens ?? null,
      standardize: name(this.#standardize),
      split: name(this.#split),
      ngrams: o.ngrams ?? null,
      outputMode: this.lookupLayer.outputMode,
      outputSequenceLength: this.#length,
      padToMaxTokens: o.padToMaxTokens ?? false,
      vocabulary,
      idfWeights,
    };
  }
}

export const textVectorization = (o: TextVectorizationOptions = {}): TextVectorization =>
  new TextVectorization(o);
