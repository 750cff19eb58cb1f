export * as cifar10 from './cifar10.ts';
export * as cifar100 from './cifar100.ts';
export * as fashionMnist from './fashion-mnist.ts';
export * as imdb from './imdb.ts';
export * as mnist from './mnist.ts';
