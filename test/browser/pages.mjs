// The pages that are opened, and how: `isolated` ones are served with the headers that give threads,
// `gpu` ones are opened in a Chromium with WebGPU on SwiftShader, which is slow: a sample will do there.
export const pages = [
  { path: 'script-tag.html' },
  { path: 'script-tag.html', isolated: true },
  { path: 'compliance.html', query: '?threads=1' },
  { path: 'compliance.html', query: '?threads=3', isolated: true },
  { path: 'training.html' },
  { path: 'training.html', isolated: true },
  { path: 'compliance.html', query: '?backend=webgpu&batch=5&oneIn=4', gpu: true },
  { path: 'training.html', query: '?backend=webgpu', gpu: true },
  { path: 'pictures.html' },
  { path: 'weights.html', expected: /Failed to load resource.*(FILE_NOT_FOUND|404)/ },
  { path: 'worker.html' },
  { path: 'worker.html', isolated: true },
  { path: 'no-workers.html', isolated: true, expected: /worker-src|Failed to.*worker/i },
];
