import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { nix, nixStore } from '../../lib/store/nix/nix.ts';
import { evaluate, folders, nixFolder, nixpkgsRef, report, request, skip } from './nixpkgs.ts';

const derivation = /^\/nix\/store\/[0-9a-z]{32}-.*\.drv$/;
const notParts = ['default.nix', 'examples.nix'];
const names = (path: string) =>
  readdirSync(join(nixFolder, path))
    .filter((file) => file.endsWith('.nix') && !notParts.includes(file))
    .map((file) => file.slice(0, -4));

describe('the flakes of the templates for pulumi new', { skip }, () => {
  for (const name of readdirSync(join(nixFolder, '../templates')))
    test(`${name}: the machine evaluates, without a warning`, async () => {
      const flake = `path:${join(nixFolder, '../templates', name, 'nix')}#nixosConfigurations.machine`;
      const apply =
        '{ config, ... }: { toplevel = config.system.build.toplevel.drvPath; inherit (config) warnings; }';
      const { exitCode, stdout, stderr } = await nix(
        [
          'eval',
          '--json',
          '--no-write-lock-file',
          flake,
          '--apply',
          apply,
          '--override-input',
          'nixpkgs',
          nixpkgsRef ?? '',
        ],
        { timeoutSeconds: 600 },
      );
      assert.equal(exitCode, 0, stderr);
      const { toplevel, warnings } = JSON.parse(stdout);
      assert.match(toplevel, derivation);
      assert.deepEqual(warnings, []);
    });
});

describe('the operator’s flake', { skip }, () => {
  test('is checked with no warning', async () => {
    console.log(`the flake's input nixpkgs is replaced by ${nixpkgsRef}`);
    const { flakeRef, overrides } = await lockFlake(request);
    const { exitCode, stderr } = await nix(['flake', 'check', '--no-build', flakeRef, ...overrides], {
      timeoutSeconds: 1200,
    });
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /evaluation warning|trace:|deprecated/);
  });

  test('evaluates every machine, with no assertion and no warning', async () => {
    const measured = await evaluate<Record<string, { toplevel: string; warnings: string[]; label: string }>>(
      'nixosConfigurations',
      'builtins.mapAttrs (_: { config, ... }: { toplevel = config.system.build.toplevel.drvPath; inherit (config) warnings; inherit (config.networking) hostName; })',
    );
    report('machines: toplevel', measured);
    assert.deepEqual(Object.keys(measured.value), folders('hosts').sort());
    for (const { toplevel, warnings } of Object.values(measured.value)) {
      assert.match(toplevel, derivation);
      assert.deepEqual(warnings, []);
    }
  });

  test('evaluates each machine’s virtual machines, with the configured ports and sizes', async () => {
    const measured = await evaluate<
      Record<string, { drvs: string[]; configured: VmSize; has: VmSize; ports: unknown[]; folders: string[] }>
    >(
      'nixosConfigurations',
      `builtins.mapAttrs (_: { config, ... }: let v = config.virtualisation.vmVariant.virtualisation; in {
        drvs = [ config.system.build.vm.drvPath config.system.build.vmWithBootLoader.drvPath ];
        configured = { inherit (config.nixosFleet.vm) cores memoryMiB diskMiB; };
        has = { inherit (v) cores; memoryMiB = v.memorySize; diskMiB = v.diskSize; };
        ports = v.forwardPorts;
        folders = builtins.attrNames v.sharedDirectories;
      })`,
    );
    report('machines: vm and vmWithBootLoader', measured);
    for (const { drvs, configured, has } of Object.values(measured.value)) {
      for (const drv of drvs) assert.match(drv, derivation);
      assert.deepEqual(has, configured);
    }
    assert.deepEqual(measured.value.base?.ports, [
      {
        from: 'host',
        proto: 'tcp',
        host: { address: '127.0.0.1', port: 2222 },
        guest: { address: '', port: 22 },
      },
    ]);
  });

  test('the first machine’s image holds the very system that is deployed to it', async () => {
    const { value } = await evaluate<{ image: string; toplevel: string }>(
      'nixosConfigurations.base.config.system.build',
      'build: { image = build.image.drvPath; toplevel = build.toplevel.drvPath; }',
    );
    const { stdout } = await nixStore(['--query', '--requisites', value.image], { timeoutSeconds: 60 });
    const systems = stdout.split('\n').filter((path) => path.includes('-nixos-system-'));
    assert.deepEqual(systems, [value.toplevel]);
  });

  for (const system of ['x86_64-linux', 'aarch64-linux']) {
    test(`evaluates every package for ${system}`, async () => {
      const measured = await evaluate<Record<string, string>>(
        `packages.${system}`,
        'builtins.mapAttrs (_: package: package.drvPath)',
      );
      report(`${system}: ${Object.keys(measured.value).length} packages`, measured);
      for (const drv of Object.values(measured.value)) assert.match(drv, derivation);
      for (const kernel of names('kernels')) assert.ok(measured.value[`kernel-${kernel}`], kernel);
    });
  }

  test('reads a machine’s hardware files from its folder', async () => {
    const folder = join(import.meta.dirname, '../fixtures/hardware');
    const measured = await evaluate<{ modules: string[]; toplevel: string; none: number }>(
      '',
      `flake: let
        machine = flake.nixosConfigurations.aethelred.extendModules { modules = flake.lib.hardwareModules ${folder}; };
      in {
        modules = machine.config.boot.initrd.availableKernelModules;
        toplevel = machine.config.system.build.toplevel.drvPath;
        none = builtins.length (flake.lib.hardwareModules ${nixFolder});
      }`,
    );
    report('aethelred: by a module and a report of its hardware', measured);
    const { modules, toplevel, none } = measured.value;
    for (const module of ['mptspi', 'megaraid_sas']) assert.ok(modules.includes(module), module);
    assert.match(toplevel, derivation);
    assert.equal(none, 0);
  });

  test('has Hydra jobs for all that its machines need, and one that aggregates them', async () => {
    const measured = await evaluate<Job[]>(
      'hydraJobs',
      `let
        isJob = value: value.type or null == "derivation";
        describe = name: job: {
          inherit name;
          inherit (job) system;
          drv = job.drvPath;
          constituents = map (part: part.drvPath) (job.constituents or [ ]);
          aggregate = job._hydraAggregate or false;
        };
        walk = prefix: set: builtins.concatLists (builtins.attrValues (builtins.mapAttrs (key: value:
          let name = prefix + key; in if isJob value then [ (describe name value) ] else walk (name + ".") value
        ) set));
      in walk ""`,
    );
    report(`${measured.value.length} jobs for Hydra`, measured);
    const jobs = Object.fromEntries(measured.value.map((job) => [job.name, job]));
    for (const { drv, system } of measured.value) {
      assert.match(drv, derivation);
      assert.equal(system, 'x86_64-linux');
    }
    for (const host of folders('hosts')) {
      assert.ok(jobs[`systems.${host}`] && jobs[`kernels.${host}`], host);
      assert.ok(jobs[`images.x86_64-linux.${host}-qcow2`], host);
    }
    const { fleet, ...others } = jobs;
    assert.equal(fleet?.aggregate, true);
    assert.deepEqual(
      fleet.constituents.toSorted(),
      Object.values(others)
        .map(({ drv }) => drv)
        .sort(),
    );
    // Hydra's jobset specification points to a flake with these jobs.
    const spec = JSON.parse(readFileSync(join(nixFolder, '../examples/hydra/spec.json'), 'utf8'));
    for (const jobset of Object.values<{ type: number; flake: string }>(spec)) {
      assert.equal(jobset.type, 1);
      assert.match(jobset.flake, /^git\+https:.*[?&]dir=nix$/);
    }
  });

  test('has modules, a template, a shell and a formatter', async () => {
    const { value } = await evaluate<{ modules: string[]; shell: string; formatter: string }>(
      '',
      `flake: {
        modules = builtins.attrNames flake.nixosModules;
        shell = flake.devShells.x86_64-linux.default.drvPath;
        formatter = flake.formatter.x86_64-linux.drvPath;
        template = flake.templates.default.description;
      }`,
    );
    assert.deepEqual(value.modules, [...names('modules'), 'default'].sort());
    assert.match(value.shell, derivation);
    assert.match(value.formatter, derivation);
  });
});

interface Job {
  name: string;
  system: string;
  drv: string;
  constituents: string[];
  aggregate: boolean;
}

interface VmSize {
  cores: number;
  memoryMiB: number;
  diskMiB: number;
}
