/** English texts. The other language has the same keys. */
export const en = {
  'site.title': 'Gradloom Playground: deep learning made simple',
  'nav.label': 'Pages',
  'nav.skip': 'Skip to the content',
  'nav.digits': 'Digits',
  'nav.network': 'Neuron to network',
  'nav.graph': 'Graph',
  'nav.language': 'Switch to Chinese',
  'nav.dark': 'Dark colours',
  'nav.light': 'Light colours',
  'footer.text':
    'Everything here is computed in this page by Gradloom, deep learning for TypeScript.',
  'footer.local': 'Nothing that you draw leaves your computer.',

  'digits.title': 'A network that reads your handwriting',
  'digits.lead':
    'Draw a digit from 0 to 9. A small neural network looks at 28 × 28 grey levels and gives each digit a probability. Then train one yourself, from nothing, in this page.',
  'draw.pad':
    'Drawing area. Draw with mouse, finger or pen; or move with the arrow keys, press space to put the pen down or lift it, delete to clear.',
  'draw.clear': 'Clear',
  'draw.keys': 'Keyboard: arrows move, space draws, delete clears.',
  'draw.invite': 'Draw a digit on the left.',
  'draw.sure': 'the network is {sure} sure',
  'draw.bars': 'Probability of each digit',
  'draw.eye': 'The drawing as the network sees it',
  'draw.eyeCaption': 'What the network sees: your drawing, centred, in 28 × 28 grey levels',
  'draw.which': 'Who answers',
  'draw.trained': 'a network trained beforehand (99.1 % on test digits)',
  'draw.own': 'the network you train below',
  'draw.time': 'Answered in {ms} ms.',
};
