import { checkFamily } from './checks.ts';

checkFamily('activations');
