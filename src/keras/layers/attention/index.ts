/** Layers in which some steps look at others. */
export {
  AdditiveAttention,
  type AdditiveAttentionOptions,
  Attention,
  type AttentionOptions,
  additiveAttention,
  attention,
} from './attention.ts';
export {
  GroupQueryAttention,
  type GroupQueryAttentionOptions,
  groupQueryAttention,
} from './group-query-attention.ts';
export {
  type AttentionArguments,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  multiHeadAttention,
} from './multi-head-attention.ts';
