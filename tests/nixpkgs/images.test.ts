import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluate, folders, inMemory, report, skip } from './nixpkgs.ts';

/** Variants for each evaluator: each is a whole system of some 300 MiB. */
const atOnce = 7;

interface Variant {
  drv: string;
  /** System of its builder. */
  system: string;
  fileSystems: Record<string, string>;
  loaders: string[];
  /** Whether it boots by EFI, alone or beside BIOS. */
  efi: boolean;
  hostName: string;
  kernelModules: string[];
}

/** Nix that describes each variant; null where its evaluation throws. */
const describeVariants = (names: readonly string[], machine = '(machine: machine)') => `machine: let
  inherit ((${machine} machine).config.system.build) images;
  describe = image: let inherit (image.passthru) config; in {
    drv = image.drvPath;
    inherit (image) system;
    fileSystems = builtins.mapAttrs (_: item: item.device) config.fileSystems;
    loaders = builtins.filter (name: config.boot.loader.\${name}.enable) [ "grub" "systemd-boot" "generic-extlinux-compatible" ];
    efi = config.boot.loader.systemd-boot.enable || config.boot.loader.grub.efiSupport;
    inherit (config.networking) hostName;
    inherit (config.boot) kernelModules;
  };
in builtins.mapAttrs (_: image:
  let tried = builtins.tryEval (builtins.deepSeq (describe image) (describe image)); in if tried.success then tried.value else null
) { inherit (images) ${names.join(' ')}; }`;

describe('images of the flake’s machines', { skip }, () => {
  for (const host of folders('hosts')) {
    const machine = `nixosConfigurations.${host}`;
    test(`every variant of ${host} evaluates, on disks and with a boot loader of its own`, async () => {
      const { value: all } = await evaluate<string[]>(
        `${machine}.config.image.modules`,
        'builtins.attrNames',
        inMemory,
      );
      assert.ok(all.includes('repart') && all.length > 20, all.join(' '));
      const found: Record<string, Variant | null> = {};
      for (let first = 0; first < all.length; first += atOnce) {
        const names = all.slice(first, first + atOnce);
        const measured = await evaluate<typeof found>(machine, describeVariants(names), inMemory);
        report(`${host}: images ${first + 1} to ${first + names.length}`, measured);
        Object.assign(found, measured.value);
      }
      for (const [name, variant] of Object.entries(found)) {
        if (variant === null) {
          // Evaluated alone for its error message.
          await evaluate(`${machine}.config.system.build.images.${name}`, 'image: image.drvPath', inMemory);
        }
        assert.ok(variant, name);
        checkVariant(name, variant, host);
      }
    });
  }

  test('images of another architecture need a builder of that architecture', async () => {
    const names = ['sd-card', 'raw-efi', 'repart', 'iso'];
    const foreign =
      '(machine: machine.extendModules { modules = [ ({ lib, ... }: { nixpkgs.hostPlatform = lib.mkForce "aarch64-linux"; }) ]; })';
    const measured = await evaluate<Record<string, Variant | null>>(
      'nixosConfigurations.aethelred',
      describeVariants(names, foreign),
      inMemory,
    );
    report('aethelred: four images for aarch64', measured);
    for (const [name, variant] of Object.entries(measured.value)) {
      assert.ok(variant, name);
      assert.equal(variant.system, 'aarch64-linux', name);
      checkVariant(name, variant, 'aethelred');
    }
  });
});

function checkVariant(name: string, variant: Variant, host: string): void {
  assert.match(variant.drv, /^\/nix\/store\/[^/]*\.drv$/, name);
  // Images of some clouds force an empty host name, which the cloud sets.
  assert.ok([host, ''].includes(variant.hostName), `${name}: ${variant.hostName}`);
  assert.ok(variant.loaders.length <= 1, `${name}: ${variant.loaders.join(' and ')}`);
  // Without the machine's own hardware.
  assert.ok(!variant.kernelModules.includes('kvm-intel'), name);
  // Images that boot only by BIOS have no /boot partition.
  if (variant.fileSystems['/boot']) assert.ok(variant.efi, name);
}
