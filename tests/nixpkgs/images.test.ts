import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluate, folders, inMemory, report, skip } from './nixpkgs.ts';

/** How many variants one evaluator gets: each is a whole system, which takes some 300 MiB. */
const atOnce = 7;

interface Variant {
  drv: string;
  /** What builds it. */
  system: string;
  fileSystems: Record<string, string>;
  loaders: string[];
  /** Whether its firmware is EFI alone or among others. */
  efi: boolean;
  hostName: string;
  kernelModules: string[];
}

/** What each variant is made of, or null where its evaluation throws. */
const describeVariants = (names: readonly string[], machine = '(machine: machine)') => `machine: let
  inherit ((${machine} machine).config.system.build) images;
  tell = image: let inherit (image.passthru) config; in {
    drv = image.drvPath;
    inherit (image) system;
    fileSystems = builtins.mapAttrs (_: item: item.device) config.fileSystems;
    loaders = builtins.filter (name: config.boot.loader.\${name}.enable) [ "grub" "systemd-boot" "generic-extlinux-compatible" ];
    efi = config.boot.loader.systemd-boot.enable || config.boot.loader.grub.efiSupport;
    inherit (config.networking) hostName;
    inherit (config.boot) kernelModules;
  };
in builtins.mapAttrs (_: image:
  let tried = builtins.tryEval (builtins.deepSeq (tell image) (tell image)); in if tried.success then tried.value else null
) { inherit (images) ${names.join(' ')}; }`;

/** Variants that a machine's architecture has not, with what NixOS says of each. */
const notFor: Record<string, Record<string, RegExp>> = {
  x86_64: { 'sd-card': /sd-image-x86_64\.nix does not exist/ },
};

describe('images of the flake’s machines', { skip }, () => {
  for (const host of folders('hosts')) {
    const machine = `nixosConfigurations.${host}`;
    test(`every variant of ${host} evaluates, on disks and with a boot loader of its own`, async () => {
      const { value: asked } = await evaluate<{ names: string[]; arch: string }>(
        machine,
        '{ config, pkgs, ... }: { names = builtins.attrNames config.image.modules; arch = pkgs.stdenv.hostPlatform.qemuArch; }',
        inMemory,
      );
      assert.ok(asked.names.includes('repart') && asked.names.length > 20, asked.names.join(' '));
      const found: Record<string, Variant | null> = {};
      for (let first = 0; first < asked.names.length; first += atOnce) {
        const names = asked.names.slice(first, first + atOnce);
        const measured = await evaluate<typeof found>(machine, describeVariants(names), inMemory);
        report(`${host}: images ${first + 1} to ${first + names.length}`, measured);
        Object.assign(found, measured.value);
      }
      for (const [name, variant] of Object.entries(found)) {
        const reason = notFor[asked.arch]?.[name];
        if (variant === null) {
          // Alone, for its message.
          const image = `${machine}.config.system.build.images.${name}`;
          const failing = evaluate(image, 'image: image.drvPath', inMemory).then(() => undefined);
          const message = await failing.catch((error: Error) => error.message);
          assert.match(message ?? '', reason ?? /^$/, name);
          continue;
        }
        assert.equal(reason, undefined, `${name} was not to be had`);
        assert.match(variant.drv, /^\/nix\/store\/[^/]*\.drv$/, name);
        console.log(name, JSON.stringify(variant));
      }
    });
  }
});
