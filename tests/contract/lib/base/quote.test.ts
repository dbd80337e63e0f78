import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellCommand, shellVariables } from '../../../../lib/base/quote.ts';

const nasty = ["a'b", '$(id)', '`id`', '-n', 'a\nb', ' ', '', '\\', '"', '*', '~', '!x', 'ä€'];
const sh = (script: string) => execFileSync('sh', ['-s'], { input: script, encoding: 'utf8' });

test('a real shell reads every quoted word back as it was', () => {
  const printed = sh(shellCommand(['printf', '%s\\0', ...nasty]));
  assert.deepEqual(printed.split('\0').slice(0, -1), nasty);
});

test('variables keep their values', () => {
  for (const word of nasty) {
    assert.equal(sh(`${shellVariables({ value: word, number: 7 })}printf '%s' "$value$number"`), `${word}7`);
  }
});
