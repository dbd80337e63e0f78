import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProviderConfig } from '../../../../provider/service/configuration.ts';
import { unknown } from '../../../../provider/wire/unknown.ts';

test('without configuration, a failure does not stop the others', () => {
  const { config, failures } = parseProviderConfig({}, {});
  assert.deepEqual([config.onFailure, failures], ['continue', []]);
});

test('the environment goes before the configuration', () => {
  assert.equal(parseProviderConfig({ onFailure: 'stop' }, {}).config.onFailure, 'stop');
  const both = parseProviderConfig({ onFailure: 'stop' }, { NIXOS_FLEET_ON_FAILURE: 'continue' });
  assert.equal(both.config.onFailure, 'continue');
});

test('the version is the engine’s, and an unknown value no mistake', () => {
  assert.deepEqual(parseProviderConfig({ version: '1.2.3', onFailure: unknown }, {}).failures, []);
});

test('unknown keys and bad values are named, with where they come from', () => {
  assert.deepEqual(
    parseProviderConfig({ onFailure: 'maybe', color: 'red' }, {}).failures.map(({ property }) => property),
    ['onFailure', 'color'],
  );
  const [failure] = parseProviderConfig({}, { NIXOS_FLEET_ON_FAILURE: 'maybe' }).failures;
  assert.match(failure?.reason ?? '', /NIXOS_FLEET_ON_FAILURE is 'maybe'/);
});
