/**
 * Run by `ssh` as its SSH_ASKPASS: passes the question to the process that started `ssh` and prints the answer.
 *
 * Arguments: that process's socket, which of its hosts asks, then the question.
 */
import { connect } from 'node:net';

const [socketPath = '', index = '0', text = ''] = process.argv.slice(2);
const isNotice = process.env['SSH_ASKPASS_PROMPT'] === 'none';
const socket = connect(socketPath);
let answer = '';
process.exitCode = 1;
// The process that would answer is gone.
socket.on('error', () => {});
socket.setEncoding('utf8').on('data', (part: string) => {
  answer += part;
});
socket.once('end', () => {
  if (!answer.startsWith('+')) return;
  process.stdout.write(`${answer.slice(1)}\n`);
  process.exitCode = 0;
});
socket.end(JSON.stringify({ index: Number(index), text, isNotice }));
