import { sshWorldConforms } from './worlds.js';

sshWorldConforms('3.4');
