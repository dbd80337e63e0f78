import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nixpkgsAges, nixpkgsOf } from '../../../../commands/report/nixpkgs-age.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const now = new Date('2026-11-28T20:00:00Z');
const host = (name: string, nixosLabel: string | undefined) => ({
  ...{ name, description: '', desired: '', running: undefined, revision: '', deployments: [] },
  facts: nixosLabel === undefined ? undefined : someFacts({ nixosLabel }),
});

test('the nixpkgs of a label has a day and an age', () => {
  assert.equal(nixpkgsOf('26.05.20261118.5d6e7f8', now), '2026-11-18 (10 days)');
  assert.equal(nixpkgsOf('web-26.05.20261127.5d6e7f8-tagged', now), '2026-11-27 (1 day)');
  for (const label of ['26.05', 'lab-2.36-9+deb12u14', '26.05pre-git', '26.05.20269999.5d6e7f8'])
    assert.equal(nixpkgsOf(label, now), undefined, label);
});

test('the ages of a fleet’s nixpkgs are in one line, the oldest first', () => {
  const machines = [
    host('web1', '26.05.20261118.5d6e7f8'),
    host('web2', '26.05.20261118.5d6e7f8'),
    host('web3', '26.05.20261118.5d6e7f8'),
    host('db', '25.11.20260901.1a2b3c4'),
    host('lab', 'lab'),
    host('new', undefined),
  ];
  assert.equal(
    nixpkgsAges(machines, now),
    'age of nixpkgs: 88 days (2026-09-01) on db; 10 days (2026-11-18) on web1…web3',
  );
  assert.equal(nixpkgsAges(machines.slice(4), now), undefined);
  const many = Array.from({ length: 5 }, (_, index) => host(`m${index}`, '26.05.20261118.5d6e7f8'));
  assert.equal(nixpkgsAges(many, now), 'age of nixpkgs: 10 days (2026-11-18) on 5 machines');
});
