export { Embedding, type EmbeddingOptions, embedding } from './embedding.ts';
