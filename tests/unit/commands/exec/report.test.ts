import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  closingLine,
  groupReporter,
  jsonReporter,
  prefixReporter,
  type Write,
} from '../../../../commands/exec/report.ts';
import { type ExecEnd, execLine } from '../../../../schema/exec-line.ts';

const exit = (machine: string, exitCode: number): ExecEnd => ({
  machine,
  ended: 'exit',
  exitCode,
  seconds: 0.5,
});
const unreachable = (machine: string): ExecEnd => ({
  machine,
  ended: 'failed',
  error: { code: 'unreachable', what: 'the ssh connection failed', why: 'no route\nto host', fix: 'Check.' },
  seconds: 3,
});
const out = (machine: string, line: string) => ({ machine, stream: 'stdout', line }) as const;

function written(): { text: Record<'stdout' | 'stderr', string>; write: Write } {
  const text = { stdout: '', stderr: '' };
  return {
    text,
    write: (stream, more) => {
      text[stream] += more;
    },
  };
}

test('lines stand behind aligned names, each on its stream', () => {
  const { text, write } = written();
  const reporter = prefixReporter(['web', 'edge1'], write);
  reporter.line(out('web', 'up 3 days'));
  reporter.line({ machine: 'edge1', stream: 'stderr', line: 'no' });
  reporter.line(out('web', ''));
  reporter.end(exit('web', 0));
  reporter.end(exit('edge1', 7));
  assert.equal(text.stdout, 'web   | up 3 days\nweb   |\n');
  assert.equal(text.stderr, 'edge1 | no\nedge1 | exit code 7\n');
});

test('a machine that is not reached has the reason in its line', () => {
  const { text, write } = written();
  prefixReporter(['db'], write).end(unreachable('db'));
  assert.equal(text.stderr, 'db | the ssh connection failed: no route to host [unreachable]\n');
});

test('a terminal gets no escape sequences of a machine, and no secrets', () => {
  const { text, write } = written();
  const reporter = prefixReporter(['web'], write);
  reporter.line(out('web', '\x1b[2Jpassword=hunter2\x07'));
  assert.equal(text.stdout, 'web | password=[secret]\n');
});

test('in blocks, equal outputs are shown once', () => {
  const { text, write } = written();
  const reporter = groupReporter(write);
  for (const line of ['one', 'two']) for (const machine of ['a', 'b', 'c']) reporter.line(out(machine, line));
  reporter.line(out('c', 'three'));
  for (const machine of ['b', 'a', 'c']) reporter.end(exit(machine, machine === 'a' ? 1 : 0));
  for (const machine of ['d', 'e']) reporter.end(exit(machine, 0));
  assert.equal(
    text.stdout,
    [
      'b: exit code 0\n  one\n  two\n',
      'a: exit code 1, the output of b\n',
      'c: exit code 0\n  one\n  two\n  three\n',
      'd: exit code 0\ne: exit code 0\n',
    ].join(''),
  );
});

test('each line of JSON fits the schema, and has the output as it is', () => {
  const { text, write } = written();
  const reporter = jsonReporter(write);
  const line = '\x1b[1mbold\x1b[0m "quoted"';
  reporter.line(out('web', line));
  for (const end of [exit('web', 3), unreachable('db')]) reporter.end(end);
  reporter.end({ machine: 'edge', ended: 'timeout', seconds: 60.02 });
  const lines = text.stdout
    .trimEnd()
    .split('\n')
    .map((each) => execLine.parse(JSON.parse(each)));
  assert.equal(lines.length, 4);
  assert.deepEqual(lines[0], { machine: 'web', stream: 'stdout', line });
});

test('the closing line counts how the machines ended, and names those that failed', () => {
  const ends: ExecEnd[] = [
    exit('web10', 1),
    unreachable('db'),
    exit('web1', 0),
    exit('web2', 0),
    exit('edge', 12),
    exit('app', 1),
    { machine: 'slow', ended: 'timeout', seconds: 5 },
    { machine: 'late', ended: 'cancelled', seconds: 0 },
  ];
  assert.equal(
    closingLine(ends),
    '8 machines: 2 exit code 0, 1 cancelled (late), 2 exit code 1 (app, web10), 1 exit code 12 (edge), 1 timed out (slow), 1 unreachable (db)\n',
  );
  assert.equal(closingLine([exit('web', 0)]), '1 machine: 1 exit code 0\n');
});
