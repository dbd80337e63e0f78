import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSystems } from '../../../../lib/evaluation/check-systems.ts';
import type { FleetEvaluation } from '../../../../lib/evaluation/types.ts';
import { nix } from '../../../../lib/store/nix/nix.ts';
import { builders } from '../../../../schema/builder.ts';
import { someFacts } from '../../../fixtures/facts.ts';

/** A fleet of machines whose systems are derivations for the given system, not built yet. */
async function fleet(systems: Record<string, string>): Promise<FleetEvaluation> {
  const hosts: FleetEvaluation['hosts'] = {};
  for (const [name, system] of Object.entries(systems)) {
    const text = `let drv = derivation { name = "${name}"; system = "${system}"; builder = "/bin/sh";
      nonce = "${crypto.randomUUID()}"; }; in { inherit (drv) drvPath; out = drv.outPath; }`;
    const { stdout, stderr, exitCode } = await nix(['eval', '--json', '--expr', text], {
      timeoutSeconds: 60,
    });
    assert.equal(exitCode, 0, stderr);
    const { drvPath, out } = JSON.parse(stdout) as { drvPath: string; out: string };
    hosts[name] = { ok: true, drvPath, outPath: out, facts: someFacts(), warnings: [], revision: '' };
  }
  return { revision: '', fingerprint: '', fromCache: false, inputs: {}, hosts, images: {}, kernels: {} };
}

const sparc = builders.parse({
  old: {
    address: 'old',
    hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7xL2',
    systems: ['sparc64-linux'],
  },
});

test('a machine without a builder for its system fails, and the others do not (fault 73)', async () => {
  const { hosts } = await checkSystems(await fleet({ web: 'x86_64-linux', far: 'sparc64-linux' }), {});
  assert.equal(hosts.web?.ok, true);
  assert.ok(hosts.far && !hosts.far.ok);
  assert.equal(hosts.far.error.code, 'builder-missing');
  assert.match(hosts.far.error.message, /^far: no builder for sparc64-linux/);
  assert.match(hosts.far.error.why ?? '', /to build: far\n.*no builders/);
});

test('in a preview, a machine without a builder for its system is a warning beside its diff (fault 73)', async () => {
  const { hosts } = await checkSystems(await fleet({ far: 'sparc64-linux' }), {}, { preview: true });
  assert.ok(hosts.far?.ok);
  assert.equal(hosts.far.warnings.length, 1);
  assert.match(
    hosts.far.warnings[0] ?? '',
    /^no builder for sparc64-linux.*to build: far\n.*Declare a builder/s,
  );
});

test('an image without a builder for it fails, even if the system inside can be built', async () => {
  const { hosts: made } = await fleet({ near: 'x86_64-linux', far: 'sparc64-linux' });
  const { near, far } = made;
  assert.ok(near?.ok && far?.ok);
  const image = { drvPath: far.drvPath, outPath: far.outPath, name: 'far', file: 'far.iso' };
  const evaluation = { ...(await fleet({})), images: { stick: { ...near, image }, disk: near } };
  const { images } = await checkSystems(evaluation, {});
  assert.equal(images.disk?.ok, true);
  assert.ok(images.stick && !images.stick.ok);
  assert.match(images.stick.error.message, /^stick: no builder for sparc64-linux/);
  assert.equal((await checkSystems(evaluation, sparc)).images.stick?.ok, true);
});

test('a declared builder for the system is enough', async () => {
  const { hosts } = await checkSystems(await fleet({ far: 'sparc64-linux' }), sparc);
  assert.equal(hosts.far?.ok, true);
});
