/** The machine's own update, on a machine of files: the supervisor's run, confirmed by the machine itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseResult } from '../../../lib/machine/record/result.ts';
import { lockScript, moduleScript } from '../../../lib/machine/script/text.ts';
import { BootMachine, cannotRun } from '../lib/machine/boot/boot-machine.ts';

const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});
const files = ['prelude', 'lock', 'boot-state', 'supervisor', 'recover', 'result', 'finish'];
const pull = lockScript + moduleScript('result.sh') + moduleScript('pull.sh');

/** The machine pulls the system `new`, and its last result is read. */
function pulled({ check = 'exit 0', build = 'echo /systems/new' } = {}) {
  const machine = new BootMachine('systemd-boot');
  machines.push(machine);
  machine.system('new');
  for (const file of files) machine.write(`scripts/${file}.sh`, moduleScript(`${file}.sh`));
  machine.write('health-check', `#!/bin/sh\n${check}\n`);
  machine.write(
    'bin-first/nix',
    `#!/bin/sh\ncase "$*" in *metadata*) echo '{"url":"git+file:///x","revision":"abc"}' ;; *) ${build} ;; esac\n`,
  );
  // Units run beside the script, as far as they are the supervisor's.
  machine.write(
    'bin-first/systemd-run',
    '#!/bin/sh\ncase "$*" in *" run "*) while [ "$1" != /bin/sh ]; do shift; done; "$@" >/supervisor.log 2>&1 & ;; esac\n',
  );
  const { status, stdout, stderr } = machine.run(`chmod +x /bin-first/* /health-check
    export FLEET_FLAKE=x FLEET_HOST=web FLEET_OPERATION=switch FLEET_HOLD_HOURS=0 FLEET_CHECK=/health-check
    export FLEET_CHECK_SECONDS=5 FLEET_SCRIPTS=/scripts
    (\n${pull}\n)\n`);
  const [line] = machine.read('var/lib/nixos-fleet/history.jsonl').trim().split('\n').slice(-1);
  return { machine, status, result: parseResult(line), printed: stdout + stderr };
}

test('a pull is a deployment like any other, with a line in the history (fault 7)', {
  skip: cannotRun,
}, () => {
  const { machine, status, result, printed } = pulled();
  assert.equal(status, 0, printed);
  assert.deepEqual([result?.outcome, result?.host, result?.revision], ['confirmed', 'web', 'abc']);
  assert.match(result?.by ?? '', /^pull@/);
  assert.deepEqual(machine.state(), { live: 'new', profile: 'new', default: 'new', once: '' });
});

test('a pull whose health check fails is rolled back, with the reason (fault 7)', { skip: cannotRun }, () => {
  const { machine, status, result, printed } = pulled({ check: 'exit 1' });
  assert.equal(status, 1, printed);
  assert.deepEqual(
    [result?.outcome, result?.wentBack, result?.reason],
    ['rejected', 'yes', 'the health check failed'],
  );
  assert.deepEqual(machine.state(), { live: 'old', profile: 'old', default: 'old', once: '' });
});

test('a pull that cannot be built is in the history (fault 7)', { skip: cannotRun }, () => {
  const { machine, status, result } = pulled({ build: 'exit 1' });
  assert.equal(status, 1);
  assert.deepEqual([result?.outcome, result?.previous], ['pull-failed', '/systems/old']);
  assert.match(result?.reason ?? '', /could not be built for web/);
  assert.equal(machine.state().live, 'old');
});
