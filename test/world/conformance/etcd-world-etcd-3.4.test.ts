import { etcdWorldConforms } from './worlds.js';

etcdWorldConforms('3.4');
