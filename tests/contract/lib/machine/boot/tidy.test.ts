/** Removal of old generations, on a machine of files. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { tidyScript } from '../../../../../lib/machine/switch/tidy.ts';
import { BootMachine, cannotRun } from './boot-machine.ts';

const machine = new BootMachine('systemd-boot');
after(() => machine.remove());
const variables = {
  profile: '/nix/var/nix/profiles/system',
  count: 1,
  days: '',
  before: '/systems/old',
  by: 'ann',
  collect: 'no',
};

test('before a trial, a renewed menu keeps starting the previous system (fault 6)', {
  skip: cannotRun,
}, () => {
  for (const name of ['spare', 'new']) {
    machine.system(name);
    machine.ok(`nix-env -p "$profile" --set /systems/${name}`);
  }
  machine.ok('set_default /systems/old; ln -sfn /systems/new /run/current-system');
  assert.equal(machine.reply(tidyScript, { variables }).text('generations'), '2');
  assert.deepEqual(machine.state(), { live: 'new', profile: 'new', default: 'old', once: '' });
});

test('a failing garbage collection is reported, whatever it prints (fault 45)', { skip: cannotRun }, () => {
  machine.write('bin-first/nix-store', '#!/bin/sh\necho "error: database is busy" >&2\nexit 1\n');
  const reply = machine.reply(`chmod +x /bin-first/nix-store\n${tidyScript}`, {
    variables: { ...variables, collect: 'yes' },
  });
  assert.match(reply.text('failed'), /nix-store --gc failed: error: database is busy/);
  assert.equal(reply.has('freed'), false);
});
