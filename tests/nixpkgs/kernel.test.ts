import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { condenseKernel } from '../../lib/evaluation/condense-kernel.ts';
import type { FactsRecord, RawSystem } from '../../lib/evaluation/raw-facts.ts';
import { ageWarning } from '../../lib/kernel/age.ts';
import { missingSymbols } from '../../lib/kernel/required-config.ts';
import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import { evaluate, nixFolder, report, skip } from './nixpkgs.ts';

interface Variant {
  facts: RawSystem;
  kernel: EvaluatedKernel;
}

/** Facts of the machine `aethelred` with other kernels, each a NixOS module, in one evaluation. */
async function variants(modules: Record<string, string>): Promise<Record<string, Variant>> {
  const expression = readFileSync(join(nixFolder, 'facts.nix'), 'utf8');
  const names = Object.keys(modules);
  const hosts = `{ ${names.map((name) => `${name} = "${name}";`).join(' ')} }`;
  const systems = Object.entries(modules)
    .map(
      ([name, module]) => `${name} = configurations.aethelred.extendModules { modules = [ (${module}) ]; };`,
    )
    .join(' ');
  const measured = await evaluate<boolean>(
    'nixosConfigurations',
    `configurations: (${expression}) { hosts = ${hosts}; mark = "@"; } { ${systems} }`,
  );
  report(`facts of ${names.length} kernels`, measured);
  const records = measured.stderr
    .split('\n')
    .filter((line) => line.startsWith('trace: @ '))
    .map((line) => JSON.parse(line.slice('trace: @ '.length)) as FactsRecord);
  const kernels = new Map(
    records.flatMap((record) =>
      'kernel' in record ? [[record.kernel.drvPath, condenseKernel(record.kernel)]] : [],
    ),
  );
  return Object.fromEntries(
    records.flatMap((record) => {
      if (!('facts' in record) || !record.facts.toplevel) return [];
      const kernel = kernels.get(record.facts.kernel.drvPath ?? '');
      assert.ok(kernel, record.host);
      return [[record.host, { facts: record.facts, kernel }]];
    }),
  );
}

const small = `builtins.toFile "small.config" ''
  CONFIG_MODULES=y
  CONFIG_BINFMT_ELF=y
  # CONFIG_CGROUPS is not set
''`;

describe('kernels of a real nixpkgs', { skip }, () => {
  test('differ by their symbols, source, patches and missing symbols', async () => {
    const { plain, changed, manual, patched } = await variants({
      plain: '{ }',
      changed:
        '{ lib, ... }: { boot.kernelPatches = [ { name = "kgdb"; patch = null; structuredExtraConfig = { KGDB = lib.kernel.yes; SCHED_AUTOGROUP = lib.mkForce lib.kernel.no; }; } ]; }',
      manual: `{ pkgs, ... }: { boot.kernelPackages = pkgs.linuxPackagesFor (pkgs.linuxManualConfig {
        inherit (pkgs.linux) src version modDirVersion;
        configfile = /. + (builtins.unsafeDiscardStringContext (${small}));
        config.CONFIG_MODULES = "y";
        features.efiBootStub = true;
      }); }`,
      patched: '{ nixosFleet.kernel.patches.nothing = builtins.toFile "nothing.patch" "";  }',
    });
    assert.ok(plain && changed && manual && patched);

    // One added symbol, one changed.
    const before = plain.kernel.config;
    const differing = Object.entries(changed.kernel.config).filter(([name, value]) => before[name] !== value);
    assert.deepEqual(Object.fromEntries(differing), { KGDB: 'y', SCHED_AUTOGROUP: 'n' });
    assert.deepEqual([before.KGDB, before.SCHED_AUTOGROUP], [undefined, 'y']);
    assert.deepEqual(changed.kernel.patches.kgdb, '');
    assert.equal(plain.kernel.configOrigin, 'asked');
    assert.match(plain.kernel.source, /^linux-\d/);
    assert.match(plain.kernel.dev, /^\/nix\/store\/.*-dev$/);
    assert.match(plain.kernel.configuration?.drvPath ?? '', /linux-config-.*\.drv$/);
    // The package is the newest of its series; another series would use the same file.
    const [series = ''] = /^\d+\.\d+/.exec(plain.kernel.version) ?? [];
    assert.equal(plain.kernel.knownReleases[series], plain.kernel.version);
    assert.equal(ageWarning(plain.kernel), undefined);
    assert.match(ageWarning({ ...plain.kernel, version: '5.4.1' }) ?? '', /past its end of life/);
    assert.match(patched.kernel.patches.nothing ?? '', /^nothing\.patch [0-9a-f]{12}$/);

    // NixOS's own kernel has every symbol that NixOS requires.
    const required = plain.facts.kernelNeeds?.required ?? {};
    assert.deepEqual([required.BINFMT_ELF, required.CGROUPS, required.EFI_STUB], ['y', 'ym', 'y']);
    assert.deepEqual(missingSymbols(required, plain.kernel), []);

    // NixOS itself evaluates this kernel without a warning.
    const missing = missingSymbols(manual.facts.kernelNeeds?.required ?? {}, manual.kernel);
    assert.equal(manual.kernel.configOrigin, 'fragment');
    assert.ok(missing.length >= 20, String(missing.length));
    assert.deepEqual(
      missing
        .filter(({ actual }) => actual !== undefined)
        .map(({ line, neededToBoot }) => [line, neededToBoot]),
      [['CONFIG_CGROUPS=y', true]],
    );
    // A virtual machine requires the symbols of its devices, too.
    const { value } = await evaluate<{ host: string[]; vm: string[] }>(
      'nixosConfigurations.aethelred',
      `system: let inherit (system.extendModules { modules = [ {
        nixosFleet.kernel = { configFile = /. + (builtins.unsafeDiscardStringContext (${small})); requiredConfig = "ignore"; };
      } ]; }) config; in {
        host = config.nixosFleet.kernel.lacking;
        vm = config.virtualisation.vmVariant.nixosFleet.kernel.lacking;
      }`,
    );
    assert.ok(value.host.includes('CONFIG_CGROUPS=y') && !value.host.includes('CONFIG_VIRTIO_BLK=y'));
    assert.ok(value.vm.includes('CONFIG_CGROUPS=y') && value.vm.includes('CONFIG_VIRTIO_BLK=y'));

    // Its whole .config has a derivation that compiles no kernel.
    assert.match(manual.kernel.configuration?.drvPath ?? '', /\.drv$/);
  });

  test('are built from a custom source, with its version, a configuration and patches', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-source-'));
    try {
      const makefile = 'VERSION = 7\nPATCHLEVEL = 0\nSUBLEVEL = 1\nEXTRAVERSION = -rc2\n';
      writeFileSync(join(folder, 'Makefile'), makefile);
      writeFileSync(join(folder, 'a.patch'), '');
      writeFileSync(
        join(folder, 'a.config'),
        'CONFIG_MODULES=y\nCONFIG_LOCALVERSION="-mine"\nCONFIG_KVM=m\n',
      );
      const measured = await evaluate<Record<string, FromSource>>(
        'lib',
        `fleet: let
          pkgs = fleet.inputs.nixpkgs.legacyPackages.x86_64-linux;
          folder = /. + "${folder}";
          describe = kernel: {
            inherit (kernel) version modDirVersion;
            drv = kernel.drvPath;
            patches = map (patch: patch.name) kernel.kernelPatches;
            kvm = kernel.configfile.structuredConfig.KVM.tristate or (kernel.config.CONFIG_KVM or null);
            symbols = builtins.length (builtins.attrNames (kernel.configfile.structuredConfig or { }));
          };
          from = arguments: describe (fleet.kconfig.fromSource pkgs arguments);
        in {
          file = from { source = folder; configFile = folder + "/a.config"; patches.a = folder + "/a.patch"; };
          common = from { source = folder; structuredConfig.KVM = "m"; };
          bare = from { source = folder; structuredConfig.KVM = "y"; commonConfig = false; };
          archive = from { source = pkgs.linux.src; version = "6.99"; };
        }`,
      );
      report('kernels of own sources', measured);
      const { file, common, bare, archive } = measured.value;
      assert.deepEqual([file?.version, file?.modDirVersion], ['7.0.1-rc2', '7.0.1-rc2-mine']);
      assert.deepEqual([file?.patches, file?.kvm], [['a'], 'm']);
      assert.deepEqual([common?.version, common?.kvm], ['7.0.1-rc2', 'm']);
      assert.ok((common?.symbols ?? 0) > 300);
      assert.deepEqual([bare?.symbols, bare?.kvm], [1, 'y']);
      assert.deepEqual([archive?.version, archive?.modDirVersion], ['6.99', '6.99.0']);
      for (const { drv } of Object.values(measured.value)) assert.match(drv, /\.drv$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

interface FromSource {
  version: string;
  modDirVersion: string;
  drv: string;
  patches: string[];
  kvm: string | null;
  symbols: number;
}
