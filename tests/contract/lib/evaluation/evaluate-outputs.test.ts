import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { evaluateOutputs } from '../../../../lib/evaluation/evaluate-outputs.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

test('outputs are evaluated without a build, and one that fails stops no other', async () => {
  const folder = await ownFolder();
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  await writeFile(
    join(folder, 'flake.nix'),
    `{ outputs = { self }: { nixosConfigurations.web.config.system.build.vm = derivation {
      name = "web-vm"; system = "x86_64-linux"; builder = "/bin/false";
    }; }; }`,
  );
  const attribute = ['system', 'build', 'vm'];
  const request = {
    flake: `path:${folder}`,
    baseDirectory: folder,
    outputs: { try: { configuration: 'web', attribute }, other: { configuration: 'db', attribute } },
  };
  const { outputs, failures } = await evaluateOutputs(request);
  assert.match(outputs.try?.drvPath ?? '', /-web-vm\.drv$/);
  assert.match(outputs.try?.outPath ?? '', /-web-vm$/);
  assert.deepEqual(Object.keys(outputs), ['try']);
  assert.equal(failures.length, 1);
  assert.match(failures[0]?.message ?? '', /^other: .*[\s\S]*db/);
  assert.deepEqual((await evaluateOutputs(request)).outputs, outputs);
});
