import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const program = new URL('../../../../../lib/machine/reboot/grub-entry.awk', import.meta.url).pathname;

/** Like NixOS's grub.cfg: the default, a specialisation, and a submenu with all configurations. */
const configuration = `set timeout=5
menuentry "NixOS" --class nixos --unrestricted {
search --set=drive1 --fs-uuid 1111
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/a+1-nixos-system-web/init loglevel=4
  initrd ($drive1)/nix/store/i-initrd/initrd
}
menuentry "NixOS - night" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/n-nixos-system-web/init
}
submenu "NixOS - All configurations" --class submenu {
menuentry "NixOS - Configuration 12 (2026-07-21 - 26.05)" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/b-nixos-system-web/init
}
menuentry "NixOS - Configuration 11 (2026-07-20 - 26.05)" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/b-nixos-system-web/init2 x
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/c-nixos-system-web/init
}
}
`;
const entryOf = (system: string) =>
  execFileSync('awk', ['-v', `init=init=${system}/init`, '-f', program], {
    input: configuration,
    encoding: 'utf8',
  });

test('an entry is named with its menus', () => {
  assert.equal(entryOf('/nix/store/a+1-nixos-system-web'), 'NixOS\n');
  assert.equal(entryOf('/nix/store/n-nixos-system-web'), 'NixOS - night\n');
  assert.equal(
    entryOf('/nix/store/b-nixos-system-web'),
    'NixOS - All configurations>NixOS - Configuration 12 (2026-07-21 - 26.05)\n',
  );
  assert.equal(
    entryOf('/nix/store/c-nixos-system-web'),
    'NixOS - All configurations>NixOS - Configuration 11 (2026-07-20 - 26.05)\n',
  );
});

test('a system without an entry has no name', () => {
  assert.equal(entryOf('/nix/store/z-nixos-system-web'), '');
});
