/** Visits of systems of tests/fixtures/real/systems.nix, each from `plain` and back: each step is a pair. */
export const tours = [
  ['kinds', 'kinds-changed', 'kinds-reloaded', 'plain'],
  ['kinds-reloaded', 'kinds-changed', 'kinds', 'plain'],
  ['unit', 'unit-changed', 'unit-reloaded', 'unit', 'plain'],
  ['sshd-off', 'sshd-moved', 'sshd-changed', 'plain'],
  ['user', 'sudo-user', 'sudo-user-unit', 'unit', 'etc', 'plain'],
  ['manager', 'logind', 'plain'],
  ['other-systemd', 'unit', 'plain'],
  ['secret-reader', 'failing-unit', 'leaving-failed', 'plain'],
  ['networkd', 'plain'],
  ['dbus', 'specialised', 'plain'],
];
