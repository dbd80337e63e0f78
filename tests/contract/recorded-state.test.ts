/** An upgrade of this package changes nothing: stacks of earlier code have an empty preview. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseUrn } from '../../lib/base/urn.ts';
import { registry } from '../../provider/registry.ts';
import { type Plain, ProviderProcess } from './provider-process.ts';
import { RecordedStack, recordedResources, type Step } from './recorded-stack.ts';

const fleet = new RecordedStack('fleet');
const disks = new RecordedStack('disks');
after(() => {
  fleet.remove();
  disks.remove();
});

const seen = new Set<string>();

/** Each recorded resource is declared, and none changes. */
function assertSame(steps: Step[], name: 'fleet' | 'disks'): void {
  assert.deepEqual(
    steps.filter(({ op, detailedDiff }) => op !== 'same' || detailedDiff),
    [],
  );
  // Nor has any another URN, except by a new name of its type: a run of some machines alone could not record that.
  assert.deepEqual(
    steps.map(({ urn }) => urn).sort(),
    recordedResources(name)
      .map(({ urn }) => urn.replaceAll('DiskImage', 'DiskInstall'))
      .sort(),
  );
  for (const { urn } of steps) seen.add(parseUrn(urn).type);
}

/** Changes of a preview with their properties, such as `update nixos:index:Secret web-database mode`. */
function changes(steps: Step[]): string[] {
  return steps
    .filter(({ op }) => op !== 'same')
    .map(({ op, urn, detailedDiff }) =>
      [op, parseUrn(urn).type, parseUrn(urn).name, ...Object.keys(detailedDiff ?? {})].join(' '),
    )
    .sort();
}

test('a fleet with caches, secrets, builders, hardware and a rehearsal shows no change', async () => {
  await fleet.import();
  assertSame(await fleet.preview(), 'fleet');
});

test('--debug prints the debug messages of the SDK, which other previews leave out', async () => {
  assert.match(await fleet.debugPreview(), /debug: .*Registering resource: t=nixos:index:Deployment/);
});

test('images, virtual machines and a disk show no change', async () => {
  await disks.import();
  assertSame(await disks.preview(), 'disks');
});

test('a lab shows no change', async () => {
  const provider = await ProviderProcess.start();
  try {
    for (const { urn, id, type, inputs, outputs } of recordedResources('lab')) {
      if (!registry.has(type)) continue;
      const old = { id, inputs: inputs as Plain, state: outputs as Plain };
      const diff = await provider.diff(urn, old, inputs as Plain);
      assert.equal(diff.getChanges(), 1, `${type}: DIFF_NONE`);
      seen.add(type);
    }
  } finally {
    await provider.end();
  }
});

test('the recorded stacks hold every type of resource', () => {
  assert.deepEqual(
    [...registry.keys()].filter((type) => !seen.has(type)),
    [],
  );
});

test('one changed setting is one change', async () => {
  fleet.edit('Pulumi.fleet.yaml', "mode: '0440'", "mode: '0400'");
  assert.deepEqual(changes(await fleet.preview()), ['update nixos:index:Secret web-database mode']);
  disks.edit('Pulumi.disks.yaml', 'memoryMiB: 64', 'memoryMiB: 65');
  assert.deepEqual(changes(await disks.preview()), ['update nixos:index:VirtualMachine plain memoryMiB']);
});
