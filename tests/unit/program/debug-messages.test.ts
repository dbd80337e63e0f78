import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showsDebugMessages } from '../../../program/debug-messages.ts';

test('debug messages are sent to a pulumi that shows them or writes them to a file', () => {
  for (const argument of ['--debug', '-d', '-yd', '-v=9', '--verbose', '--logtostderr', '--event-log=x'])
    assert.equal(showsDebugMessages(['pulumi', 'preview', argument], {}), true, argument);
  for (const name of ['PULUMI_OPTION_DEBUG', 'PULUMI_OPTION_VERBOSE', 'PULUMI_DEBUG_GRPC'])
    assert.equal(showsDebugMessages(['pulumi', 'preview'], { [name]: '1' }), true, name);
});

test('no other option of pulumi is taken for one that shows them', () => {
  const command = ['pulumi', 'up', '--diff', '-y', '--stack', 'dev', '--disable-integrity-checking'];
  assert.equal(showsDebugMessages(command, { PULUMI_CONFIG_PASSPHRASE: '' }), false);
});
