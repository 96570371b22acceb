import { isLong } from '../tunnel/lossless/faults.js';
import { testLife } from './life.js';

testLife('3.4', { rounds: isLong ? 20 : 4 });
