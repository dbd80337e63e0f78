import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flakeIdentity, localPathOf, resolveFlakeRef } from '../../../../../lib/store/nix/flake.ts';

test('relative references are resolved against the base, others do not change', () => {
  const resolved = {
    './nix': '/base/nix',
    '.': '/base',
    '../fleet?dir=nix': '/fleet?dir=nix',
    'path:./nix/lab': 'path:/base/nix/lab',
    'path:nix': 'path:/base/nix',
    'git+file:./x?ref=main': 'git+file:///base/x?ref=main',
    'git+file:///abs': 'git+file:///abs',
    'path:/abs': 'path:/abs',
    '/abs/nix': '/abs/nix',
    'github:NixOS/nixpkgs': 'github:NixOS/nixpkgs',
    nixpkgs: 'nixpkgs',
  };
  for (const [ref, absolute] of Object.entries(resolved))
    assert.equal(resolveFlakeRef(ref, '/base'), absolute);
  assert.equal(resolveFlakeRef('path:./a', '/with space'), 'path:/with%20space/a');
  assert.equal(localPathOf('path:/with%20space/a?x=1'), '/with space/a');
  assert.equal(localPathOf('git+file:///home/me/fleet?dir=nix'), '/home/me/fleet');
  assert.equal(localPathOf('github:me/fleet'), undefined);
  // What is not valid is left to Nix.
  assert.equal(resolveFlakeRef('path:./100%fleet', '/base'), 'path:/base/100%25fleet');
  assert.equal(localPathOf('path:/per%cent'), '/per%cent');
});

test('a flake in the home folder is found as the shell finds it (fault 29)', () => {
  const home = process.env.HOME;
  process.env.HOME = '/home/me';
  try {
    assert.equal(resolveFlakeRef('~/flake', '/base'), '/home/me/flake');
    assert.equal(resolveFlakeRef('~/flake?dir=nix', '/base'), '/home/me/flake?dir=nix');
    assert.equal(resolveFlakeRef('~', '/base'), '/home/me');
    assert.equal(resolveFlakeRef('path:~/flake', '/base'), 'path:/home/me/flake');
    assert.equal(resolveFlakeRef('git+file:~/flake', '/base'), 'git+file:///home/me/flake');
  } finally {
    process.env.HOME = home;
  }
});

test('a work tree whose content Nix does not hash is another one for each process (fault 28)', async () => {
  // As another process has the module.
  const module: string = new URL('../../../../../lib/store/nix/flake.ts?another', import.meta.url).href;
  const another = ((await import(module)) as { flakeIdentity: typeof flakeIdentity }).flakeIdentity;
  const locks = { root: 'root', nodes: { root: {} } };
  const tree = { locks, path: '/nix/store/p-source', fingerprint: 'f', locked: { submodules: true } };
  const isSame = (json: Parameters<typeof flakeIdentity>[0]) => {
    assert.equal(flakeIdentity(json), flakeIdentity(json));
    return flakeIdentity(json) === another(json);
  };
  assert.equal(isSame(tree), false, 'a dirty tree with submodules');
  assert.equal(isSame({ ...tree, fingerprint: undefined, locked: {} }), false, 'no fingerprint');
  assert.equal(isSame({ ...tree, revision: 'abc' }), true, 'a clean tree');
  assert.equal(isSame({ ...tree, locked: { submodules: true, narHash: 'sha256-x' } }), true, 'a hash');
  assert.equal(isSame({ ...tree, locked: {} }), true, 'a dirty tree with a fingerprint');
});
