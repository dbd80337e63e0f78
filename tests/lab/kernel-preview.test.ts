/** Previews of kernel changes by the real Pulumi CLI, without a build. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kernelFixture } from '../fixtures/kernels/request.ts';
import { TestStack } from './stack.ts';

let stack: TestStack;

before(async () => {
  const { flake, overrideInputs } = await kernelFixture();
  stack = await TestStack.create({ stack: 'kernels', network: '10.213.28' });
  const inputs = Object.entries(overrideInputs).map(([name, url]) => `    ${name}: ${url}`);
  // As Pulumi formats the file itself.
  const lines = [
    'config:',
    '  nixos-fleet:checkLive: "false"',
    `  nixos-fleet:flake: ${flake}`,
    '  nixos-fleet:hosts:',
    '    vm:',
    '      address: 127.0.0.1',
    '      configuration: plain',
    '  nixos-fleet:kernelPreview: configure',
    '  nixos-fleet:overrideInputs:',
    ...inputs,
    '',
  ];
  stack.write('Pulumi.kernels.yaml', lines.join('\n'));
});

after(() => stack?.remove());

test('a kernel that may not boot is refused, with the machine’s name and the symbol', async () => {
  const edit = ['configuration: plain', 'configuration: no-efi'] as const;
  await stack.withEdit('Pulumi.kernels.yaml', ...edit, async () => {
    const shown = await stack.try('preview');
    assert.notEqual(shown.exitCode, 0);
    assert.match(shown.text, /vm: the kernel 6\.\S+ lacks symbols that the machine needs to boot/);
    assert.match(shown.text, /CONFIG_EFI_STUB=y, for systemd-boot/);
  });
});

test('one changed symbol is shown with Kconfig’s further changes and its machine, and nothing is built', async () => {
  const targets = ['**Fleet::fleet', '**nixos:index:Kernel::linux'];
  await stack.pulumi('up', '--yes', '--skip-preview', ...targets.flatMap((target) => ['--target', target]));
  const edit = ['configuration: plain', 'configuration: changed'] as const;
  await stack.withEdit('Pulumi.kernels.yaml', ...edit, async () => {
    const { text } = await stack.preview();
    const symbols = [...text.matchAll(/^\s*[-+~] (\w+)\s*: "\w*"/gm)].map(([line]) => line.trim());
    assert.deepEqual(
      symbols.filter((line) => /^[-+~] [A-Z0-9_]+ *:/.test(line)),
      ['+ BTRFS_FS: "m"'],
    );
    assert.match(text, /for vm: each runs it after its next restart/);
    assert.match(text, /Kconfig changes with them:\n(.*\n)*? *~ RAID6_PQ: n => m/);
    assert.doesNotMatch(text, /building|compiling/);
  });
});
