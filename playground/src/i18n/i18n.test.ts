import { expect, it } from 'vitest';
import { en } from './en.ts';
import { fill, pickLanguage } from './index.ts';
import { zh } from './zh.ts';

it('both languages have the same keys and the same places for values', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(places(zh[key]), key).toEqual(places(en[key]));
    expect(zh[key].trim(), key).not.toBe('');
  }
});

it('takes the language of the address, then the kept one, then the browser’s', () => {
  expect(pickLanguage('?lang=zh', 'en', ['en'])).toBe('zh');
  expect(pickLanguage('?lang=xx', 'zh', ['en'])).toBe('zh');
  expect(pickLanguage('', null, ['fr', 'zh-TW', 'en'])).toBe('zh');
  expect(pickLanguage('', null, ['de'])).toBe('en');
});

it('fills in values and leaves unknown places alone', () => {
  expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
});
