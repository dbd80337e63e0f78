import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importFile } from '../../../../commands/adopt/import-file.ts';

const prefix = 'urn:pulumi:prod::fleet::';
const fleetUrn = `${prefix}nixos-fleet:index:Fleet::fleet`;
const hostUrn = (host: string) => `${prefix}nixos-fleet:index:Fleet$nixos-fleet:index:Host::${host}`;
const imported = (host: string) => ({
  type: 'nixos:index:Deployment',
  name: `deployment ${host}`,
  logicalName: host,
  parent: `host ${host}`,
  id: `adopt:${host}`,
});
const component = (host: string) => ({
  type: 'nixos-fleet:index:Host',
  name: `host ${host}`,
  logicalName: host,
  parent: 'fleet',
  component: true,
});
const stackWith = (...urns: string[]) => ({
  project: 'fleet',
  stack: 'prod',
  state: { deployment: { resources: urns.map((urn) => ({ type: '', urn })) } },
});

test('an empty stack gets the components that the program declares above a deployment', () => {
  const { nameTable, resources } = importFile(stackWith(), ['web', 'db']);
  assert.deepEqual(nameTable, {});
  assert.deepEqual(resources, [
    {
      type: 'nixos-fleet:index:Fleet',
      name: 'fleet',
      logicalName: 'fleet',
      parent: undefined,
      component: true,
    },
    component('web'),
    imported('web'),
    component('db'),
    imported('db'),
  ]);
});

test('components that the state has are named by their URNs', () => {
  const { nameTable, resources } = importFile(stackWith(fleetUrn, hostUrn('db')), ['web', 'db']);
  assert.deepEqual(nameTable, { fleet: fleetUrn, 'host db': hostUrn('db') });
  assert.deepEqual(resources, [component('web'), imported('web'), imported('db')]);
});

test('a host named like the fleet is no other’s parent', () => {
  const { resources } = importFile(stackWith(), ['fleet']);
  const names = resources.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
