/** What StringLookup and IntegerLookup share: a vocabulary, learnt or given, and how numbers go out. */
import { GradloomError } from '../../../errors.ts';
import { fromData, type Tensor, type TensorLike, tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { type BatchShape, baseOptions, type LayerOptions } from '../layer.ts';
import { type AdaptData, type AdaptOptions, batchesOf } from './batches.ts';
import { bucketOf, checkSalt, type Salt } from './buckets.ts';
import { encode, encodedShape, type OutputMode, outputMode } from './encode.ts';
import { HostLayer } from './host-layer.ts';
import { Counts, type Token, Vocabulary } from './vocabulary.ts';

export interface IndexLookupOptions<K extends Token> extends LayerOptions {
  /** The most tokens, with the special ones; null for no limit. */
  readonly maxTokens?: number | null;
  /** How many numbers stand for unknown tokens. With 0 such a token is an error. */
  readonly numOovIndices?: number;
  /** The token that stands for nothing: number 0 in mode `int`, left out in the others. */
  readonly maskToken?: K | null;
  /** What an inverted lookup gives for numbers of unknown tokens. */
  readonly oovToken?: K;
  readonly vocabulary?: readonly K[] | null;
  /** For mode `tfIdf`, with a vocabulary. */
  readonly idfWeights?: readonly number[] | null;
  /** Numbers to tokens. */
  readonly invert?: boolean;
  /** `int` (default), `oneHot`, `multiHot`, `count` or `tfIdf`. */
  readonly outputMode?: string;
  /** Vectors of maxTokens, however many tokens there are. */
  readonly padToMaxTokens?: boolean;
  readonly salt?: Salt;
}

const own = [
  'maxTokens',
  'numOovIndices',
  'maskToken',
  'oovToken',
  'vocabulary',
  'idfWeights',
  'invert',
  'outputMode',
  'padToMaxTokens',
  'salt',
];

export const lookupOptions: readonly string[] = [...baseOptions, ...own];

export abstract class IndexLookup<K extends Token> extends HostLayer {
  readonly maxTokens: number | null;
  readonly numOovIndices: number;
  readonly maskToken: K | null;
  readonly oovToken: K;
  readonly invert: boolean;
  readonly outputMode: OutputMode;
  readonly padToMaxTokens: boolean;
  readonly salt: readonly [number, number] | null;
  readonly #fixed: boolean;
  #vocabulary: Vocabulary<K> | undefined;
  #idf: Float32Array | undefined;

  constructor(o: IndexLookupOptions<K>, oovToken: K, allowed: readonly string[] = lookupOptions) {
    super(o);
    checkOptions(this.what, o, allowed);
    this.maxTokens = o.maxTokens ?? null;
    this.numOovIndices = o.numOovIndices ?? 1;
    this.maskToken = o.maskToken ?? null;
    this.oovToken = o.oovToken ?? oovToken;
    this.invert = o.invert ?? false;
    this.padToMaxTokens = o.padToMaxTokens ?? false;
    this.outputMode = outputMode(this.what, o.outputMode ?? 'int', [
      'int',
      'oneHot',
      'multiHot',
      'count',
      'tfIdf',
    ]);
    this.salt = checkSalt(this.what, o.salt);
    if (this.maxTokens !== null && !(Number.isInteger(this.maxTokens) && this.maxTokens > 1))
      throw this.wrong(`maxTokens must be a whole number above 1; received ${o.maxTokens}`);
    if (!(Number.isInteger(this.numOovIndices) && this.numOovIndices >= 0))
      throw this.wrong(
        `numOovIndices must be a whole number of 0 or more; received ${o.numOovIndices}`,
      );
    if (this.padToMaxTokens && this.maxTokens === null)
      throw this.wrong('padToMaxTokens needs maxTokens');
    if (this.invert && this.outputMode !== 'int')
      throw this.wrong(`an inverted lookup has outputMode "int"; received "${o.outputMode}"`);
    if (o.idfWeights != null && this.outputMode !== 'tfIdf')
      throw this.wrong('idfWeights go with outputMode "tfIdf"');
    this.#fixed = o.vocabulary != null;
    if (o.vocabulary != null) this.setVocabulary(o.vocabulary, o.idfWeights ?? undefined);
  }

  protected get what(): string {
    return `${this.constructor.name} "${this.name}"`;
  }
  protected wrong(message: string): GradloomError {
    return new GradloomError('layer-option', `${this.what}: ${message}.`, { layer: this.name });
  }

  #vocabularyOf(tokens: readonly K[]): Vocabulary<K> {
    return new Vocabulary(tokens, {
      what: this.what,
      maxTokens: this.maxTokens,
      numOovIndices: this.numOovIndices,
      maskToken: this.maskToken,
      oovToken: this.oovToken,
      maskPlace: this.outputMode === 'int',
      invert: this.invert,
    });
  }

  /** Sets the tokens, with or without the special ones in front; in mode `tfIdf` with a weight each. */
  setVocabulary(tokens: readonly K[], idfWeights?: readonly number[]): void {
    if ((this.outputMode === 'tfIdf') !== (idfWeights !== undefined))
      throw this.wrong(
        this.outputMode === 'tfIdf'
          ? 'outputMode "tfIdf" needs idfWeights with the vocabulary'
          : 'idfWeights go with outputMode "tfIdf"',
      );
    const v = this.#vocabularyOf(tokens);
    if (idfWeights) {
      if (idfWeights.length !== tokens.length)
        throw this.wrong(`there are ${tokens.length} tokens but ${idfWeights.length} idfWeights`);
      const mean = idfWeights.reduce((a, b) => a + b, 0) / idfWeights.length;
      const front = v.hadSpecial ? [] : v.special.map(() => mean);
      this.#idf = this.#padded([...front, ...idfWeights], v.size);
    }
    this.#vocabulary = v;
  }

  #padded(weights: readonly number[], size: number): Float32Array {
    const out = new Float32Array(this.padToMaxTokens ? this.maxTokens! : size);
    out.set(weights);
    return out;
  }

  /** Learns the vocabulary: the most frequent tokens first. Every row is a document. */
  async adapt(data: AdaptData, o: AdaptOptions = {}): Promise<void> {
    if (this.#fixed)
      throw new GradloomError(
        'vocabulary',
        `${this.what} was made with a vocabulary; there is nothing to adapt.`,
      );
    const counts = new Counts<K>();
    for await (const batch of batchesOf(this.constructor.name, data, o))
      for (const row of await this.documents(batch)) counts.add(row);
    this.learn(counts);
  }

  /** The rows of a batch. */
  protected abstract documents(batch: unknown): Promise<readonly (readonly K[])[]>;

  /** Takes the vocabulary from what has been counted. */
  learn(counts: Counts<K>): void {
    const front =
      this.numOovIndices + (this.maskToken !== null && this.outputMode === 'int' ? 1 : 0);
    const room = this.maxTokens === null ? Number.POSITIVE_INFINITY : this.maxTokens - front;
    const tokens = counts.most(room, [this.maskToken, this.oovToken]);
    if (tokens.length === 0)
      throw new GradloomError('vocabulary', `${this.what}.adapt found no tokens in the data.`, {});
    const v = this.#vocabularyOf(tokens);
    if (this.outputMode === 'tfIdf') {
      const idf = tokens.map((t) => counts.inverseDocumentFrequency(t));
      const mean = idf.reduce((a, b) => a + b, 0) / idf.length;
      this.#idf = this.#padded([...v.special.map(() => mean), ...idf], v.size);
    }
    this.#vocabulary = v;
  }

  protected get vocabulary(): Vocabulary<K> {
    if (this.#vocabulary) return this.#vocabulary;
    throw new GradloomError(
      'vocabulary',
      `${this.what} has no vocabulary yet: await layer.adapt(data) first, or give it one.`,
      { layer: this.name },
    );
  }

  /** The tokens by their numbers; the mask's and the unknown tokens' places in front, or left out. */
  getVocabulary(o: { readonly includeSpecialTokens?: boolean } = {}): K[] {
    const v = this.#vocabulary;
    if (!v) return [];
    return o.includeSpecialTokens === false ? [...v.tokens] : [...v.special, ...v.tokens];
  }
  /** With the special tokens. */
  vocabularySize(): number {
    return this.vocabulary.size;
  }
  /** Of mode `tfIdf`, one for each number. */
  get idfWeights(): Float32Array | undefined {
    return this.#idf;
  }

  /** Which of `numOovIndices` buckets an unknown token falls into. */
  protected bucket(t: K): number {
    return bucketOf(String(t), this.numOovIndices, this.salt);
  }

  /** The number of a token; -1 for the mask token where it counts nowhere. */
  protected numberOf(t: K): number {
    if (t === this.maskToken) return this.outputMode === 'int' ? 0 : -1;
    const place = this.vocabulary.place(t);
    if (place !== undefined) return place;
    const first = this.vocabulary.special.length - this.numOovIndices;
    if (this.numOovIndices === 0)
      throw new GradloomError(
        'vocabulary',
        `${this.what}: ${JSON.stringify(t)} is not in the vocabulary. With numOovIndices 1 unknown tokens get a number of their own.`,
        { token: t },
      );
    return this.numOovIndices === 1 ? first : first + this.bucket(t);
  }

  /** The token of a number; numbers that no token has give `oovToken`. */
  protected tokenOf(n: number): K {
    if (this.maskToken !== null && n === 0) return this.maskToken;
    return this.vocabulary.tokens[n - this.vocabulary.special.length] ?? this.oovToken;
  }

  /** How long the vectors of the modes other than `int` are. */
  get depth(): number {
    return this.padToMaxTokens ? this.maxTokens! : this.vocabulary.size;
  }

  override computeOutputShape(s: BatchShape): BatchShape {
    return this.outputMode === 'int' ? s : encodedShape(s, this.outputMode, this.depth);
  }

  /** Tokens' numbers as the output mode has them. */
  encodeTokens(tokens: readonly K[], shape: readonly number[]): Tensor {
    return this.encodeNumbers(
      fromData(
        Int32Array.from(tokens, (t) => this.numberOf(t)),
        [...shape],
        'int32',
      ),
    );
  }
  protected encodeNumbers(numbers: Tensor): Tensor {
    const mode = this.outputMode;
    if (mode === 'int') return numbers;
    const y = encode(numbers, mode === 'tfIdf' ? 'count' : mode, this.depth, this.dtype);
    return mode === 'tfIdf' ? y.mul(tensor(this.#idf! as TensorLike)) : y;
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      maxTokens: this.maxTokens,
      numOovIndices: this.numOovIndices,
      maskToken: this.maskToken,
      oovToken: this.oovToken,
      // What was learnt comes along, so that the config makes a layer that works.
      vocabulary: this.#vocabulary ? this.getVocabulary() : null,
      idfWeights: this.#idf ? Array.from(this.#idf).slice(0, this.#vocabulary!.size) : null,
      invert: this.invert,
      outputMode: this.outputMode,
      padToMaxTokens: this.padToMaxTokens,
      salt: this.salt,
    };
  }
}
