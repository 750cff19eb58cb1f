// The pages that are opened, and how: `isolated` ones are served with the headers that give threads.
export const pages = [
  { path: 'script-tag.html' },
  { path: 'script-tag.html', isolated: true },
  { path: 'compliance.html', query: '?threads=1' },
  { path: 'compliance.html', query: '?threads=3', isolated: true },
  { path: 'training.html' },
  { path: 'training.html', isolated: true },
  { path: 'weights.html' },
  { path: 'worker.html' },
  { path: 'worker.html', isolated: true },
];
