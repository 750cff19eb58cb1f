/** `glorotUniform({ seed: 1 })` for `new GlorotUniform({ seed: 1 })`. */
import { Constant, Identity, Ones, Zeros } from './constant.ts';
import { Orthogonal } from './orthogonal.ts';
import {
  type NormalOptions,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  type UniformOptions,
} from './random.ts';
import * as scaling from './variance-scaling.ts';

type SeedOption = scaling.SeedOption;

export const zeros = (): Zeros => new Zeros();
export const ones = (): Ones => new Ones();
export const constant = (o?: { readonly value?: number } | number): Constant => new Constant(o);
export const identity = (o?: { readonly gain?: number }): Identity => new Identity(o);
export const randomNormal = (o?: NormalOptions): RandomNormal => new RandomNormal(o);
export const truncatedNormal = (o?: NormalOptions): TruncatedNormal => new TruncatedNormal(o);
export const randomUniform = (o?: UniformOptions): RandomUniform => new RandomUniform(o);
export const varianceScaling = (o?: scaling.VarianceScalingOptions): scaling.VarianceScaling =>
  new scaling.VarianceScaling(o);
export const glorotUniform = (o?: SeedOption): scaling.GlorotUniform =>
  new scaling.GlorotUniform(o);
export const glorotNormal = (o?: SeedOption): scaling.GlorotNormal => new scaling.GlorotNormal(o);
export const heUniform = (o?: SeedOption): scaling.HeUniform => new scaling.HeUniform(o);
export const heNormal = (o?: SeedOption): scaling.HeNormal => new scaling.HeNormal(o);
export const lecunUniform = (o?: SeedOption): scaling.LecunUniform => new scaling.LecunUniform(o);
export const lecunNormal = (o?: SeedOption): scaling.LecunNormal => new scaling.LecunNormal(o);
export const orthogonal = (o?: { readonly gain?: number } & SeedOption): Orthogonal =>
  new Orthogonal(o);
