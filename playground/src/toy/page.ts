/** The second page: a neuron, a layer, a network. */
import type { Page } from '../main.ts';
import { h } from '../ui/dom.ts';
import { makeNetworkSection } from './network-section.ts';
import { makeNeuronSection } from './neuron-section.ts';

export function makePage(): Page {
  const network = makeNetworkSection();
  const element = h(
    'article',
    { class: 'page' },
    h('header', { class: 'lead' }, h('h1', { t: 'network.title' }), h('p', { t: 'network.lead' })),
    makeNeuronSection(),
    network.element,
  );
  return { element, hidden: network.rest };
}
