import { testLife } from './life.js';

testLife('3.4', { rounds: 20 });
