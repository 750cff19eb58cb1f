import { checkFamily } from './checks.ts';

checkFamily('rnn');
