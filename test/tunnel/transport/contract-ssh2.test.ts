import { testTransport } from './contract/transport.js';

testTransport('ssh2');
