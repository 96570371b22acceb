import { testTransport } from './contract/transport.js';

testTransport('openssh');
