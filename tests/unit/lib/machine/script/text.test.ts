import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prelude, scriptFile, scriptText } from '../../../../../lib/machine/script/text.ts';

test('a script comes after the prelude and its data', () => {
  assert.equal(scriptText('true\n'), `${prelude}true\n`);
  const data = { variables: { name: "it's", count: 3 }, args: ['-n', 'a b'] };
  assert.equal(scriptText('true\n', data), `${prelude}name='it'\\''s'\ncount=3\nset -- -n 'a b'\ntrue\n`);
});

test('a script file is read from its module’s folder', () => {
  const module = new URL('../../../../../nix/modules/updates.nix', import.meta.url).href;
  assert.equal(scriptFile('./scripts/prelude.sh', module), prelude);
  assert.match(prelude, /^#!\/bin\/sh\n/);
});
