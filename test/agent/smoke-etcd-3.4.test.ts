import { testSmoke } from './smoke.js';

testSmoke('3.4', { literally: true });
