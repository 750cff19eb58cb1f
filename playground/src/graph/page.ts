/** The third page: the computation graph of a network, and what the compiler makes of it. */
import { keptSpec } from '../digits/kept-spec.ts';
import { engineFor, latest } from '../engine/client.ts';
import type { Page } from '../main.ts';
import { convolutionalNetwork, type NetworkSpec } from '../model/spec.ts';
import { h, setPlain, setText } from '../ui/dom.ts';
import { grouped, select } from '../ui/fields.ts';
import { makeViewer } from '../ui/viewer.ts';
import { drawKernels } from './kernel-svg.ts';
import {
  type GraphAnswer,
  type KernelBox,
  type LanguageName,
  languages,
  type PartName,
  parts,
} from './protocol.ts';

const small: NetworkSpec = [{ kind: 'dense', units: 16, activation: 'relu' }];

const networks: Readonly<Record<string, () => NetworkSpec>> = {
  small: () => small,
  own: keptSpec,
  conv: () => convolutionalNetwork,
};

export function makePage(): Page {
  const engine = engineFor('graph');
  const ask = latest(show);
  const change = (): void => ask(null);
  const network = select(
    'train.network',
    Object.keys(networks).map((value) => ({ value, t: `graph.net.${value}` as 'graph.net.own' })),
    'small',
    change,
  );
  const part = select(
    'graph.part',
    parts.map((value) => ({ value, t: `graph.part.${value}` })),
    'forward',
    change,
  );
  const batch = select(
    'train.batch',
    ['1', '32', '64', '128'].map((value) => ({ value, plain: value })),
    '32',
    change,
  );
  const language = select(
    'graph.language',
    languages.map((value) => ({ value, t: `graph.language.${value}` })),
    'c',
    change,
  );
  const written = makeViewer('graph.written');
  const fused = makeViewer('graph.fused');
  const writtenFacts = h('p', { class: 'quiet' });
  const fusedFacts = h('p', { class: 'quiet' });
  const tooLarge = h('p', { class: 'quiet', t: 'graph.tooLarge', hidden: true });
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const code = h('code', {});
  const kernelName = h('h3', {});
  const kernelFacts = h('p', { class: 'quiet' });
  const touched = h('p', { class: 'quiet' });

  async function show(): Promise<void> {
    element.dataset.busy = 'true';
    problem.hidden = true;
    try {
      const answer = await engine.call('drawGraph', {
        spec: networks[network.get()](),
        part: part.get() as PartName,
        batch: Number(batch.get()),
        language: language.get() as LanguageName,
      });
      showWritten(answer);
      showFused(answer);
    } catch (error) {
      problem.hidden = false;
      setPlain(problem, (error as Error).message);
    }
    delete element.dataset.busy;
  }

  function showWritten({ svg, nodes }: GraphAnswer): void {
    setText(writtenFacts, 'graph.nodes', { nodes: grouped(nodes) });
    tooLarge.hidden = svg !== null;
    written.element.hidden = svg === null;
    if (svg === null) return;
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    written.show(document.importNode(parsed, true) as unknown as SVGSVGElement);
  }

  function showFused({ kernels, arena, nodes }: GraphAnswer): void {
    const drawing = drawKernels(kernels, choose);
    fused.show(drawing.svg);
    const all = kernels.boxes.filter((b) => b.kind === 'kernel');
    setText(fusedFacts, 'graph.kernels', {
      nodes: grouped(nodes),
      kernels: all.length,
      arena: grouped(Math.ceil(arena / 1024)),
    });
    element.dataset.kernels = String(all.length);
    // The heaviest says most.
    const heaviest = all.reduce((a, b) => (b.facts!.cost > a.facts!.cost ? b : a), all[0]);
    if (heaviest) choose(heaviest);

    function choose(box: KernelBox): void {
      drawing.choose(box.id);
      setPlain(kernelName, `${box.line} · ${box.title}`);
      const { cost, parallel, reads, writes } = box.facts!;
      setText(kernelFacts, parallel > 1 ? 'graph.kernelShared' : 'graph.kernelAlone', {
        cost: grouped(cost),
        parallel: grouped(parallel),
      });
      setText(touched, 'graph.touched', { reads: reads.join(', '), writes: writes.join(', ') });
      code.textContent = box.source!;
      code.parentElement!.scrollTop = 0;
    }
  }

  const element = h(
    'article',
    { class: 'page', id: 'graph' },
    h('header', { class: 'lead' }, h('h1', { t: 'graph.title' }), h('p', { t: 'graph.lead' })),
    h(
      'section',
      { class: 'card' },
      h(
        'div',
        { class: 'fields graph-fields' },
        [network, part, batch, language].map((f) => f.element),
      ),
      problem,
    ),
    h(
      'section',
      { class: 'card' },
      h(
        'div',
        { class: 'section-head' },
        h('h2', { t: 'graph.written' }),
        h('p', { t: 'graph.writtenLead' }),
        writtenFacts,
      ),
      tooLarge,
      h('div', { class: 'paper' }, written.element),
    ),
    h(
      'section',
      { class: 'card', id: 'fused' },
      h(
        'div',
        { class: 'section-head' },
        h('h2', { t: 'graph.fused' }),
        h('p', { t: 'graph.fusedLead' }),
        fusedFacts,
      ),
      h(
        'div',
        { class: 'fused-grid' },
        fused.element,
        h(
          'div',
          { class: 'kernel-panel', 'aria-live': 'polite' },
          kernelName,
          kernelFacts,
          touched,
          h('pre', { tabindex: 0, label: 'graph.source' }, code),
        ),
      ),
    ),
  );
  return { element, shown: change };
}
