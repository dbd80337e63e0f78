/** The lab machine of a test file: created before its tests, removed after them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetError } from '../../lib/base/errors.ts';
import { run } from '../../lib/base/process/run.ts';
import { shellQuote } from '../../lib/base/quote.ts';
import { until } from '../../lib/base/until.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import {
  deleteMachine,
  ensureMachine,
  type MachineRequest,
  stopMachine,
} from '../../lib/local/lab/machine.ts';
import { deleteNetwork, ensureNetwork } from '../../lib/local/lab/network.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { type ActivationResult, parseResult } from '../../lib/machine/record/result.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { sshBanner } from '../../lib/machine/ssh/scan.ts';
import { connection as connectionSchema } from '../../schema/connection.ts';
import type { Deployer } from './deployer.ts';

export class MachineUnderTest {
  readonly target: Machine;
  /** The network's bridge on this computer. */
  readonly bridge: string;
  /** Public key line of the key that the machine accepts. */
  readonly publicKey: string;
  /** `XDG_STATE_HOME` of the test file. */
  readonly state: string;
  readonly #request: MachineRequest;

  private constructor(
    request: MachineRequest,
    target: Machine,
    network: { bridge: string; publicKey: string },
    state: string,
  ) {
    this.#request = request;
    this.target = target;
    this.bridge = network.bridge;
    this.publicKey = network.publicKey;
    this.state = state;
  }

  get address(): string {
    return this.#request.address;
  }

  /** What `pulumi import` takes for it. */
  get url(): string {
    const { address, identityFile = '', hostKey = '' } = this.target.connection;
    return `ssh://root@${address}?identityFile=${identityFile}&hostKey=${encodeURIComponent(hostKey ?? '')}`;
  }

  /**
   * @param network the first three bytes of its addresses, such as '10.213.20'
   * @param root the root file system that its own is copied from; the lab's base by default
   */
  static async create(title: string, network: string, root?: string): Promise<MachineUnderTest> {
    const state = mkdtempSync(join(tmpdir(), `nixos-fleet-${title}-`));
    process.env.XDG_STATE_HOME = state;
    const base = root ?? (await ensureLabBase()).base;
    // A lab of this process: in a second run at the same time the network fails with "addresses in use".
    const request = { lab: `${title}-${process.pid}`, name: 'one', address: `${network}.11`, base };
    const { lab, name, address } = request;
    const made = await ensureNetwork({ lab, cidr: `${network}.0/24`, hosts: { [name]: address } });
    const { hostKey } = await ensureMachine(request);
    const { identityFile } = made;
    const connection = connectionSchema.parse({ address, hostKey, identityFile, connectTimeoutSeconds: 3 });
    return new MachineUnderTest(request, machineAt(name, connection), made, state);
  }

  async stop(): Promise<void> {
    await stopMachine(this.#request.lab, this.#request.name);
  }

  async start(): Promise<void> {
    await ensureMachine(this.#request);
  }

  async remove(): Promise<void> {
    await this.target.close();
    await deleteMachine(this.#request.lab, this.#request.name);
    await deleteNetwork(this.#request.lab);
    rmSync(this.state, { recursive: true, force: true });
  }

  /** Runs a script on the machine as root; asserts that it succeeds. */
  async run(script: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.target.run(script);
    assert.equal(exitCode, 0, stderr);
    return stdout.trim();
  }

  /** Waits on the machine until a command succeeds there. */
  async until(command: string, seconds = 30): Promise<void> {
    await this.run(`timeout ${seconds} sh -c ${shellQuote(`until ${command}; do sleep 0.1; done`)}`);
  }

  /** Sets the machine's port of the bridge on this computer up or down. */
  async cable(state: 'up' | 'down'): Promise<void> {
    const { stdout } = await run('ip', ['-o', 'link', 'show', 'master', this.bridge], { timeoutSeconds: 10 });
    const [, port] = /^\d+: ([^@:]+)/.exec(stdout) ?? [];
    assert.ok(port, stdout);
    await run('ip', ['link', 'set', port, state], { timeoutSeconds: 10 });
  }

  /** Waits until sshd answers: an interface that was down takes a while to get its address. */
  async reachable(): Promise<void> {
    assert.ok(await until(() => sshBanner(this.address), { limitSeconds: 60 }), 'sshd answers again');
  }

  async lastResult(): Promise<ActivationResult | undefined> {
    return parseResult((await readMachine(this.target)).lastResult);
  }

  /** The machine runs and boots `system`, no deployment is in progress, and the state agrees. */
  async assertOn(system: string, { live }: Deployer): Promise<void> {
    const reading = await readMachine(this.target);
    assert.deepEqual([reading.system, reading.profileSystem], [system, system]);
    assert.equal(reading.busy, undefined);
    assert.deepEqual(
      [live.system, live.profileSystem, live.generation],
      [system, system, reading.generation],
    );
    // Those of nixosFleet.updates stay.
    const units = 'systemctl list-units --all --plain --no-legend "nixos-fleet-*"';
    await this.until(`[ -z "$(${units} | grep -v '^nixos-fleet-pull[.]')" ]`);
  }
}

/** Asserts an error's code, machine and reason, and that it has a fix. */
export function failsWith(code: FleetError['code'], why: RegExp): (error: FleetError) => true {
  return (error) => {
    assert.equal(error.code, code, error.message);
    assert.equal(error.host, 'one');
    assert.match(error.why ?? '', why);
    assert.ok(error.fix, 'has a fix');
    return true;
  };
}

/**
 * Calls `act` when a status line of the deployment contains `word`. `acted` waits for it, and fails if no line did: a phase that is
 * over within a second may be in none.
 */
export function when(
  word: string,
  act: () => Promise<unknown>,
): { onStatus: (line: string) => void; acted: () => Promise<unknown> } {
  let action: Promise<unknown> | undefined;
  const onStatus = (line: string) => {
    if (action || !line.includes(word)) return;
    action = act();
    // Its error is that of `acted`, which may be called much later.
    action.catch(() => undefined);
  };
  const acted = () => action ?? Promise.reject(new Error(`no status line has contained "${word}"`));
  return { onStatus, acted };
}
