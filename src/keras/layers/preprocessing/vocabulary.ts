/** The tokens of a lookup with the places in front of them: the mask's, and those of unknown tokens. */
import { GradloomError } from '../../../errors.ts';

export type Token = string | number;

export interface VocabularyOptions<K extends Token> {
  readonly what: string;
  readonly maxTokens: number | null;
  readonly numOovIndices: number;
  readonly maskToken: K | null;
  readonly oovToken: K;
  /** Whether the mask token has a place (0) of its own. */
  readonly maskPlace: boolean;
  readonly invert: boolean;
}

export class Vocabulary<K extends Token> {
  readonly #o: VocabularyOptions<K>;
  readonly tokens: readonly K[];
  readonly #places: ReadonlyMap<K, number>;
  /** Whether the list that was given began with the special tokens. */
  readonly hadSpecial: boolean;

  /** Throws `vocabulary` for none, for tokens twice, for special ones in the wrong place, for too many. */
  constructor(given: readonly K[], o: VocabularyOptions<K>) {
    this.#o = o;
    const wrong = (message: string): GradloomError =>
      new GradloomError('vocabulary', `${o.what}: ${message}`, {});
    if (given.length === 0) throw wrong('the vocabulary is empty.');
    const special = this.special;
    this.hadSpecial = special.every((t, i) => given[i] === t) && special.length > 0;
    const tokens = this.hadSpecial ? given.slice(special.length) : [...given];
    const places = new Map<K, number>();
    const twice: K[] = [];
    tokens.forEach((t, i) => {
      if (places.has(t)) twice.push(t);
      places.set(t, i + special.length);
    });
    if (twice.length > 0)
      throw wrong(
        `the vocabulary holds ${[...new Set(twice)]
          .slice(0, 5)
          .map((t) => JSON.stringify(t))
          .join(', ')} more than once.`,
      );
    const reserved = (name: string, t: K | null): void => {
      if (t !== null && places.has(t))
        throw wrong(
          `the ${name} token ${JSON.stringify(t)} is at place ${given.indexOf(t)} of the vocabulary. Leave the special tokens out, or put all of them first: ${JSON.stringify(special)}.`,
        );
    };
    reserved('mask', o.maskToken);
    if (o.invert) reserved('unknown', o.oovToken);
    if (o.maxTokens !== null && special.length + tokens.length > o.maxTokens)
      throw wrong(
        `the vocabulary has ${special.length + tokens.length} tokens with the special ones, more than maxTokens ${o.maxTokens}.`,
      );
    this.tokens = tokens;
    this.#places = places;
  }

  /** What stands in front of the tokens. */
  get special(): readonly K[] {
    const o = this.#o;
    const mask = o.maskToken !== null && o.maskPlace ? [o.maskToken] : [];
    return [...mask, ...Array<K>(o.numOovIndices).fill(o.oovToken)];
  }
  get size(): number {
    return this.special.length + this.tokens.length;
  }
  /** Where the token is; undefined for an unknown one. */
  place(t: K): number | undefined {
    return this.#places.get(t);
  }
}

/** Tokens by how often they occur, the most frequent first; of equally frequent ones the greater first. */
export class Counts<K extends Token> {
  readonly #counts = new Map<K, number>();
  readonly #documents = new Map<K, number>();
  documents = 0;

  /** One document (a row). */
  add(tokens: readonly K[]): void {
    for (const t of tokens) this.#counts.set(t, (this.#counts.get(t) ?? 0) + 1);
    for (const t of new Set(tokens)) this.#documents.set(t, (this.#documents.get(t) ?? 0) + 1);
    this.documents++;
  }

  most(limit: number, without: readonly (K | null)[]): K[] {
    const order = (a: K, b: K): number => {
      if (typeof a === 'number') return (b as number) - a;
      // By code points, as NumPy compares strings (UTF-16 order differs beyond the basic plane).
      const [x, y] = [[...(a as string)], [...(b as string)]];
      for (let i = 0; i < Math.min(x.length, y.length); i++)
        if (x[i] !== y[i]) return y[i].codePointAt(0)! - x[i].codePointAt(0)!;
      return y.length - x.length;
    };
    return [...this.#counts]
      .filter(([t]) => !without.includes(t))
      .sort(([a, n], [b, m]) => m - n || order(a, b))
      .slice(0, limit)
      .map(([t]) => t);
  }

  /** log(1 + documents / (1 + documents with the token)) */
  inverseDocumentFrequency(t: K): number {
    return Math.log(1 + this.documents / (1 + (this.#documents.get(t) ?? 0)));
  }
}
