/** The network edited last, kept for the next visit and for other pages. */
import { type NetworkSpec, parseSpec } from '../model/spec.ts';

const place = 'gradloom-network';

export function keptSpec(): NetworkSpec {
  try {
    return parseSpec(localStorage.getItem(place));
  } catch {
    return parseSpec(null);
  }
}

export function keepSpec(spec: NetworkSpec): void {
  try {
    localStorage.setItem(place, JSON.stringify(spec));
  } catch {
    // It holds for this visit.
  }
}
