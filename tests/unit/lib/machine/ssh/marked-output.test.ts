import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MarkedOutput } from '../../../../../lib/machine/ssh/marked-output.ts';

/** The lines of a stream, as a follower splits it. */
function read(stream: string) {
  const lines: string[] = [];
  const output = new MarkedOutput('mark', (line) => lines.push(line));
  for (const line of stream.replace(/\n$/, '').split('\n')) output.push(line);
  const { begun, exitCode, before } = output;
  return { lines, begun, exitCode, before };
}

const marked = (output: string) => `\nmark begins\n${output}\nmark ends 3\n`;

const outputs: [string, string[]][] = [
  ['', []],
  ['one\n', ['one']],
  ['one', ['one']],
  ['one\n\n', ['one', '']],
  ['\n', ['']],
  ['\n\none\n\n\ntwo\n', ['', '', 'one', '', '', 'two']],
  ['mark ends of the earth\nmark begins\n', ['mark ends of the earth', 'mark begins']],
];

for (const [output, lines] of outputs) {
  test(`the output ${JSON.stringify(output)} comes through as it is`, () => {
    assert.deepEqual(read(marked(output)), { lines, begun: true, exitCode: 3, before: '\n' });
  });
}

test('what a login shell prints before and after is no output', () => {
  const { lines, before } = read(`Welcome!${marked('one\n')}bye\n`);
  assert.deepEqual([lines, before], [['one'], 'Welcome!\n']);
});

test('a line is passed on before the next one is there', () => {
  const lines: string[] = [];
  const output = new MarkedOutput('mark', (line) => lines.push(line));
  output.push('mark begins');
  output.push('one');
  assert.deepEqual(lines, ['one']);
});

test('without the first mark nothing has begun', () => {
  assert.deepEqual(read('ssh: connect to host web: refused\n'), {
    lines: [],
    begun: false,
    exitCode: undefined,
    before: 'ssh: connect to host web: refused\n',
  });
});
