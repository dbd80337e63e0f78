import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import type { HostFacts } from '../../../../schema/facts.ts';
import { ownFlake, ownFolder } from '../../../fixtures/flakes/copy.ts';
import { evaluateFixture } from './fixture.ts';

/** Every option that nix/facts.nix reads, found in its text. */
async function optionsRead(): Promise<string[]> {
  const text = await readFile(resolve(import.meta.dirname, '../../../../nix/facts.nix'), 'utf8');
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  assert.deepEqual(found(/(\bconfig\.(?!system\.build\.toplevel|boot\.kernelPackages)\w+)/g), []);
  const loaders = found(/\bon "([^"]+)"/g).map((name) => `boot.loader.${name}.enable`);
  const read = found(/\b(?:option|need) "([^"$]+)"/g);
  assert.ok(read.length > 25 && loaders.length > 6);
  return [...new Set([...read, ...loaders])].sort();
}

/** A flake with a machine for each option, in which NixOS removed it: the option is there, and throws when it is read. */
async function flakeWithout(options: readonly string[]): Promise<string> {
  const folder = await ownFlake();
  const text = `{
  outputs = _: let
    intact = import ./system.nix { name = "intact"; };
    without = path: set: let key = builtins.head path; rest = builtins.tail path; inner = set.\${key} or { };
      in set // { \${key} = if rest == [ ] then throw "this option was removed" else without rest inner; };
    split = text: builtins.filter builtins.isString (builtins.split "[.]" text);
    names = [ ${options.map((option) => `"${option}"`).join(' ')} ];
  in {
    nixosConfigurations = { inherit intact; } // builtins.listToAttrs (map (name: {
      inherit name;
      value = intact // { config = without (split name) intact.config; };
    }) names);
  };
}
`;
  await writeFile(join(folder, 'flake.nix'), text);
  return folder;
}

/** Facts that are unknown where the option is gone; any other option has a default. */
const needed: Record<string, string> = {
  'environment.systemPackages': 'packages',
  'systemd.units': 'units',
  'environment.etc': 'etc',
  'networking.firewall': 'firewall',
  'networking.firewall.enable': 'firewall',
  'users.users': 'users',
  fileSystems: 'fileSystems',
  'services.openssh.enable': 'sshd',
  'services.openssh.ports': 'sshd',
};

before(async () => {
  process.env.XDG_CACHE_HOME = await ownFolder();
});

test('no option that is removed or renamed costs a machine its facts (fault 81)', async () => {
  const options = await optionsRead();
  // A whole tree of options, too: `boot.loader.raspberryPi` was removed, not its `enable`.
  const whole = options.map((option) => option.split('.').slice(0, -1).join('.'));
  const names = [...new Set([...options, ...whole])].filter((name) => !['', 'system', 'boot'].includes(name));
  const { hosts } = await evaluateFixture(['intact', ...names], { folder: await flakeWithout(names) });
  const intact = hosts.intact;
  assert.ok(intact?.ok);
  assert.equal(intact.facts.unread, undefined);
  for (const name of names) {
    const host = hosts[name];
    assert.ok(host?.ok, `${name}: ${host && !host.ok ? host.error.message : 'missing'}`);
    const hidden = Object.entries(needed).filter(
      ([option]) => option === name || option.startsWith(`${name}.`),
    );
    const unread = [...new Set(hidden.map(([, part]) => part))].sort();
    assert.deepEqual(Object.keys(host.facts.unread ?? {}), unread, name);
    assert.equal(host.warnings.length, unread.length === 0 ? 0 : 1, name);
    if (unread.length > 0) assert.match(host.warnings[0] ?? '', new RegExp(`cannot read .*${unread[0]}`));
    const changed = changedParts(intact.facts, host.facts);
    assert.ok(changed.length <= 2, `${name} changes ${changed.join(', ')}`);
  }
});

test('passwords of root and of sshd are facts', async () => {
  const folder = await ownFlake();
  const text = `{
  outputs = _: let
    intact = import ./system.nix { name = "intact"; };
    root = more: intact.config.users.users // { root = intact.config.users.users.root // more; };
    configured = more: intact // { config = intact.config // more; };
    user = more: configured { users = intact.config.users // { users = root more; }; };
    sshd = settings: configured {
      services = intact.config.services // {
        openssh = intact.config.services.openssh // { inherit settings; };
      };
    };
  in {
    nixosConfigurations = {
      locked = user { hashedPassword = "!"; initialHashedPassword = "*"; };
      hashed = user { hashedPassword = "$y$j9T$x"; };
      file = user { hashedPasswordFile = "/etc/root-password"; };
      keys = sshd { PasswordAuthentication = false; KbdInteractiveAuthentication = false; };
      passwords = sshd { PasswordAuthentication = true; KbdInteractiveAuthentication = false; };
      interactive = sshd { PasswordAuthentication = false; KbdInteractiveAuthentication = true; };
    };
  };
}
`;
  await writeFile(join(folder, 'flake.nix'), text);
  const names = ['locked', 'hashed', 'file', 'keys', 'passwords', 'interactive'];
  const { hosts } = await evaluateFixture(names, { folder });
  const seen = names.map((name) => {
    const host = hosts[name];
    assert.ok(host?.ok, name);
    const { rootPassword, sshPasswords } = host.facts.access ?? {};
    return name === 'locked' || name === 'hashed' || name === 'file' ? rootPassword : sshPasswords;
  });
  assert.deepEqual(seen, [false, true, true, false, true, true]);
});

function changedParts(one: HostFacts, other: HostFacts): string[] {
  const parts = Object.keys(one) as (keyof HostFacts)[];
  return parts.filter((part) => JSON.stringify(one[part]) !== JSON.stringify(other[part]));
}
