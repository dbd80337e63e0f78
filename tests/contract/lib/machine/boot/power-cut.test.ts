/**
 * Power cuts, on a machine of files: each step of a deployment is the last one once. Then the machine boots what its boot loader
 * names, as often as a trial reboots it, and is deployed to again. POWER_CUTS=all cuts at all steps, which takes minutes; else at
 * some.
 */
import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shellVariables } from '../../../../../lib/base/quote.ts';
import { armScript, trialFiles } from '../../../../../lib/machine/reboot/trial.ts';
import { scriptText } from '../../../../../lib/machine/script/text.ts';
import { tidyScript } from '../../../../../lib/machine/switch/tidy.ts';
import { BootMachine, cannotRun } from './boot-machine.ts';
import { folder, prepareSwitch } from './prepare-switch.ts';

/** What changes files that survive a reboot. A tool with a change of several files is one step: it is not part of this project. */
const programs = ['nix-env', 'bootctl', 'grub-reboot', 'grub-editenv', 'mv', 'ln', 'rm', 'rmdir'];
const trialUnit = 'etc/systemd/system.control/sysinit.target.wants/nixos-fleet-trial.service';

/** Counts a step. At the cut, all processes of the session end at once. */
const step = (command: string) => `#!/bin/sh
case "$*" in --print-*) ;; *)
	number=$(($(cat /steps) + 1))
	echo "$number" >/steps
	if [ "$number" = "$(cat /cut)" ]; then
		all=$(awk -v own=$$ '$1 == own { print $6 }' /proc/$$/stat)
		all=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$all" -v own=$$ '$6 == session && $1 != own { print $1 }')
		kill -STOP $all 2>/dev/null
		kill -KILL $all $$ 2>/dev/null
	fi
	;;
esac
PATH=\${PATH#/bin-cut:}
exec ${command} "$@"
`;

class CutMachine extends BootMachine {
  constructor(bootLoader: 'systemd-boot' | 'grub') {
    super(bootLoader);
    this.cutAt(0);
    for (const program of programs) this.#program(`bin-cut/${program}`, step(program));
    this.system('new', { kernel: 'k2' });
    for (const name of ['old', 'new']) {
      const tool = `systems/${name}/bin/switch-to-configuration`;
      renameSync(join(this.root, tool), join(this.root, `systems/${name}/bin/tool`));
      this.#program(tool, step(`/systems/${name}/bin/tool`));
    }
  }

  #program(file: string, text: string): void {
    this.write(file, text);
    chmodSync(join(this.root, file), 0o755);
  }

  /** Counts steps from here, and cuts the power at one of them; never at 0. */
  cutAt(step: number): void {
    this.write('steps', '0\n');
    this.write('cut', `${step}\n`);
  }

  /** Runs a script in a session of its own, with steps. */
  steps(script: string): void {
    this.write('script', script);
    this.run('PATH=/bin-cut:$PATH exec setsid --wait sh /script');
  }

  /** Whether the cut has come. */
  get isCut(): boolean {
    return Number(this.read('steps')) >= Number(this.read('cut'));
  }

  /** Boots what the boot loader names, and returns its name. */
  boot(): string {
    const { default: byDefault, once } = this.state();
    const name = once || byDefault;
    assert.notEqual(name, '', 'the boot loader names a system');
    this.write('boot-id', `boot-${Number(this.read('boot-id').trim().split('-')[1]) + 1}\n`);
    rmSync(join(this.root, 'run'), { recursive: true });
    this.ok(`mkdir -p /run /etc; ln -s /systems/${name} /run/booted-system; ln -s /systems/${name} /run/current-system
      rm -f "$efi/LoaderEntryOneShot-$efi_vendor"
      [ ! -e /boot/grub/grubenv ] || sed -i /^next_entry=/d /boot/grub/grubenv`);
    return name;
  }

  /** The trial's unit, if it is installed. */
  runTrial(withSteps = false): void {
    const script = `[ -L /${trialUnit} ] || exit 0\nsh /var/lib/nixos-fleet/trial/trial.sh boot\n`;
    this.write('log', '');
    if (withSteps) this.steps(script);
    else this.run(script);
  }

  /** Boots until nothing reboots the machine any more. Returns all systems that it booted. */
  settle(): string[] {
    const booted: string[] = [];
    do {
      booted.push(this.boot());
      this.runTrial();
    } while (this.log().includes('systemctl reboot') && booted.length < 6);
    return booted;
  }
}

const deployment = (machine: CutMachine, answer: 'confirm' | 'reject') =>
  prepareSwitch(machine, '/systems/new', { reboot: 'never', trial: 'never' }, answer);
const supervise = `sh /${folder}/supervisor.sh run /${folder}\n`;

function prepareTrial(machine: CutMachine): void {
  machine.ok(
    'nix-env -p "$profile" --set /systems/new; set_default /systems/old; ln -sfn /systems/new /run/current-system',
  );
}
function arm(machine: CutMachine): void {
  const parameters = shellVariables({
    ...{ unit: 'u', host: 'web', system: '/systems/new', previous: '/systems/old' },
    ...{ profile: '/nix/var/nix/profiles/system', revision: '', by: 'ann', token: 't' },
    ...{ limit_seconds: 1, boot_id: 'boot-1', kexec: '', required: '' },
  });
  machine.steps(scriptText(armScript, { variables: { ...trialFiles, unit: 'u', by: 'ann', parameters } }));
}
/** The machine boots, and the operator answers. */
function bootAnd(machine: CutMachine, answer?: 'confirm' | 'reject'): void {
  machine.boot();
  if (answer) machine.write(`var/lib/nixos-fleet/trial/${answer}`, answer === 'confirm' ? 't' : 'unhealthy');
  machine.runTrial(true);
}

interface Operation {
  title: string;
  prepare: (machine: CutMachine) => void;
  phases: ((machine: CutMachine) => void)[];
  /** Systems that are confirmed: one of them runs in the end. */
  confirmed: string[];
}

const operations: Operation[] = [
  {
    title: 'a switch',
    prepare: (machine) => deployment(machine, 'confirm'),
    phases: [(machine) => machine.steps(supervise)],
    confirmed: ['old', 'new'],
  },
  {
    title: 'a rollback',
    prepare: (machine) => deployment(machine, 'reject'),
    phases: [(machine) => machine.steps(supervise)],
    confirmed: ['old'],
  },
  {
    title: 'a trial that is confirmed',
    prepare: prepareTrial,
    phases: [arm, (machine) => bootAnd(machine, 'confirm')],
    confirmed: ['old', 'new'],
  },
  {
    title: 'a trial that is rejected',
    prepare: prepareTrial,
    phases: [arm, (machine) => bootAnd(machine, 'reject'), (machine) => bootAnd(machine)],
    confirmed: ['old'],
  },
  {
    title: 'the removal of old generations',
    prepare(machine) {
      machine.system('spare');
      for (const name of ['spare', 'new']) machine.ok(`nix-env -p "$profile" --set /systems/${name}`);
      machine.ok('set_default /systems/new; ln -sfn /systems/new /run/current-system');
    },
    phases: [
      (machine) => {
        const settings = { count: 1, days: '', before: '/systems/old', by: 'ann', collect: 'no' };
        const variables = { profile: '/nix/var/nix/profiles/system', ...settings };
        machine.steps(scriptText(tidyScript, { variables }));
      },
    ],
    confirmed: ['new'],
  },
];

/** Cuts the power at a step; returns whether the operation has that many. */
function cutAt(step: number, bootLoader: 'systemd-boot' | 'grub', operation: Operation): boolean {
  const machine = new CutMachine(bootLoader);
  try {
    operation.prepare(machine);
    machine.cutAt(step);
    for (const phase of operation.phases) if (!machine.isCut) phase(machine);
    const cut = machine.isCut;
    machine.cutAt(0);
    if (!cut) return false;
    const text = `${operation.title}, cut at step ${step}`;
    const booted = machine.settle();
    assert.ok(operation.confirmed.includes(booted.at(-1) ?? ''), `${text}: it booted ${booted}`);
    const { once } = machine.state();
    assert.equal(once, '', text);
    deployment(machine, 'confirm');
    machine.run(supervise);
    assert.deepEqual(machine.state(), { live: 'new', profile: 'new', default: 'new', once: '' }, text);
    return true;
  } finally {
    machine.remove();
  }
}

const stride = process.env.POWER_CUTS === 'all' ? 1 : 5;

for (const bootLoader of ['systemd-boot', 'grub'] as const) {
  for (const [index, operation] of operations.entries()) {
    test(`${bootLoader}: ${operation.title}, with power cuts`, { skip: cannotRun }, (context) => {
      let step = stride === 1 ? 1 : 2 + ((index + (bootLoader === 'grub' ? 2 : 0)) % 4);
      let cuts = 0;
      for (; cutAt(step, bootLoader, operation); step += stride) cuts++;
      context.diagnostic(`${cuts} cuts`);
      assert.ok(cuts > 0);
    });
  }
}
