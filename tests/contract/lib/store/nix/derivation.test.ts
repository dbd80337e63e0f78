import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDerivation } from '../../../../../lib/store/nix/derivation.ts';
import { nix } from '../../../../../lib/store/nix/nix.ts';

test('a derivation that Nix wrote is parsed', async () => {
  const expression = `let input = derivation { name = "input.conf"; system = "x86_64-linux"; builder = "/bin/sh"; };
    in (derivation { name = "outer"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo \\"hi\\"" ];
    text = "a\\n\\tb \\\\ \\"c\\""; inherit input; }).drvPath`;
  const { stdout, stderr } = await nix(['eval', '--raw', '--expr', expression], { timeoutSeconds: 60 });
  const derivation = await readDerivation(stdout.trim());
  assert.ok(derivation, stderr);
  assert.equal(derivation.system, 'x86_64-linux');
  assert.deepEqual(derivation.args, ['-c', 'echo "hi"']);
  assert.equal(derivation.env.text, 'a\n\tb \\ "c"');
  const [[drvPath, outputs] = ['', []], ...others] = Object.entries(derivation.inputDrvs);
  assert.deepEqual([outputs, others], [['out'], []]);
  assert.deepEqual(derivation.sources, []);
  const input = await readDerivation(drvPath);
  assert.deepEqual(input?.outputs, { out: derivation.env.input });
  assert.equal(input?.fixed, false);
});
