import { isLong } from '../../tunnel/lossless/faults.js';
import { testLife } from '../helpers/life.js';

testLife('3.4', { rounds: isLong ? 20 : 4 });
