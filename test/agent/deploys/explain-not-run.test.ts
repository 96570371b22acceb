import test from 'ava';
import { explainNotRun } from '../../../agent/deploys/explain-not-run.js';

const explains = test.macro({
  exec(t, code: string, program: string, expected: RegExp) {
    t.regex(explainNotRun(Object.assign(new Error(`spawn ${program} ${code}`), { code }), program), expected);
  },
  title: (_, code, program) => `says what ${code} of ${program} means and what to do`,
});

test(explains, 'ENOENT', 'node', /^this host has no program node in its PATH: install it there/);
test(explains, 'ENOENT', './start', /^there is no file \.\/start, or not the interpreter/);
test(explains, 'EACCES', './start', /chmod \+x/);
test(explains, 'ENOEXEC', './start', /#!/);
test(explains, 'E2BIG', './start', /^spawn \.\/start E2BIG$/);
