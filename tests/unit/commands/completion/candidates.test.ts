import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorCandidates, wantedAt } from '../../../../commands/completion/candidates.ts';

const ssh = { options: ['--help', '--stack'], valued: ['-s', '--stack'], namesHosts: true };
const exec = { options: ['--on'], valued: ['--on', '--timeout'], namesHosts: false };

test('the place of a word decides what it is', () => {
  assert.equal(wantedAt(['s'], undefined), 'commands');
  assert.equal(wantedAt([], undefined), 'commands');
  assert.equal(wantedAt(['nosuch', ''], undefined), 'nothing');
  assert.equal(wantedAt(['ssh', ''], ssh), 'hosts');
  assert.equal(wantedAt(['ssh', '-s', ''], ssh), 'nothing');
  assert.equal(wantedAt(['ssh', '-s', 'dev', 'w'], ssh), 'hosts');
  assert.equal(wantedAt(['ssh', '--'], ssh), 'options');
  assert.equal(wantedAt(['ssh', 'web', '--', 'l'], ssh), 'nothing');
  assert.equal(wantedAt(['exec', '--on', ''], exec), 'selectors');
  assert.equal(wantedAt(['exec', ''], exec), 'nothing');
});

test('the last selector of a list is completed', () => {
  const tags = { web: ['eu', 'front'], db: ['eu'], edge: undefined };
  const all = ['web', 'db', 'edge', '@eu', '@front'];
  assert.deepEqual(selectorCandidates('', tags), all);
  assert.deepEqual(selectorCandidates('w', tags), all);
  assert.deepEqual(
    selectorCandidates('web,!', tags),
    all.map((each) => `web,!${each}`),
  );
});
