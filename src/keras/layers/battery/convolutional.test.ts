import { checkFamily } from './checks.ts';

checkFamily('convolutional');
