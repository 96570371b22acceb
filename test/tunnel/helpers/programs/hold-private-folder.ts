/** Makes a private directory, prints it and stays until it is killed or its input ends. */
import { makePrivateFolder } from '../../../../tunnel/files/make-private-folder.js';

process.stdout.write(`${makePrivateFolder()}\n`);
process.stdin.resume();
