import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownValues, projectName, tagsOf } from '../../../commands/stack-config.ts';

test('the project’s own keys are read; an encrypted value is undefined', () => {
  const printed = {
    'nixos-fleet:flake': { value: './nix', secret: false },
    'nixos-fleet:hosts': { secret: true },
    'nixos:onFailure': { value: 'stop', secret: false },
  };
  assert.deepEqual(ownValues('nixos-fleet', JSON.stringify(printed)), { flake: './nix', hosts: undefined });
});

test('a project’s name is read from YAML and JSON', () => {
  assert.equal(projectName('# name: no\nname: my-fleet # yes\nruntime:\n  name: nodejs\n'), 'my-fleet');
  assert.equal(projectName('runtime:\n  name: nodejs\nname: "fleet.2"\n'), 'fleet.2');
  assert.equal(projectName('{ "name": "fleet", "runtime": { "name": "nodejs" } }'), 'fleet');
  assert.equal(projectName('{"runtime":{"name":"nodejs"},"name":"fleet"}'), 'fleet');
  assert.equal(projectName('main: index.ts\n'), undefined);
});

test('tags are read from hosts of any form; a program of its own may have other keys', () => {
  const hosts = { web: { tags: ['eu', 'front'], unknown: 1 }, db: {}, odd: { tags: 'eu' }, none: 'x' };
  assert.deepEqual(tagsOf(JSON.stringify(hosts)), {
    web: ['eu', 'front'],
    db: undefined,
    odd: undefined,
    none: undefined,
  });
  assert.deepEqual([tagsOf(undefined), tagsOf('web,db'), tagsOf('["web"]')], [{}, {}, {}]);
});
