/** Chinese texts. */
import type { Texts } from './index.ts';

export const zh: Texts = {
  'site.title': 'Gradloom 游乐场：轻松学会深度学习',
  'nav.label': '页面',
  'nav.skip': '跳到正文',
  'nav.digits': '手写数字',
  'nav.network': '从神经元到网络',
  'nav.graph': '计算图',
  'nav.language': '切换到英文',
  'nav.dark': '深色',
  'nav.light': '浅色',
  'footer.text': '这里的一切都由 Gradloom（TypeScript 深度学习库）在本页内计算。',
  'footer.local': '你画的内容不会离开你的电脑。',

  'digits.title': '认得你笔迹的网络',
  'digits.lead':
    '画一个 0 到 9 的数字。一个小小的神经网络看着 28 × 28 个灰度值，为每个数字给出一个概率。然后在本页里从零开始亲手训练一个。',
  'draw.pad': '绘图区。用鼠标、手指或笔书写；也可以用方向键移动，空格键落笔或提笔，删除键清空。',
  'draw.clear': '清空',
  'draw.keys': '键盘：方向键移动，空格落笔，删除键清空。',
  'draw.invite': '请在左边画一个数字。',
  'draw.sure': '网络有 {sure} 的把握',
  'draw.bars': '每个数字的概率',
  'draw.eye': '网络看到的图像',
  'draw.eyeCaption': '网络看到的：居中后的 28 × 28 灰度图',
  'draw.which': '由谁回答',
  'draw.trained': '事先训练好的网络（测试集正确率 99.1 %）',
  'draw.own': '你在下面训练的网络',
  'draw.time': '{ms} 毫秒内作答。',
};
