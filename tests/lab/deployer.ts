/** Drives the Deployment resource as the engine does, on a real machine, and keeps the state between the calls. */
import { PartialFailure, type Recorded } from '../../provider/resource.ts';
import { deployment } from '../../provider/resources/deployment/deployment.ts';
import { RolloutRun } from '../../provider/rollout/rollout-run.ts';
import { type DeploymentInputs, type DeploymentState, deploymentInputs } from '../../schema/deployment.ts';

export type Settings = Partial<DeploymentInputs> & {
  onStatus?: (line: string) => void;
  signal?: AbortSignal;
};

export class Deployer {
  readonly #connection: DeploymentInputs['connection'];
  /** The deployment in the state; undefined before the first one. */
  recorded: Recorded<DeploymentInputs, DeploymentState> | undefined;
  /** Status lines and diagnostics of the last call. */
  lines: string[] = [];

  constructor(connection: DeploymentInputs['connection']) {
    this.#connection = connection;
  }

  get live(): DeploymentState['live'] {
    if (!this.recorded) throw new Error('nothing is recorded');
    return this.recorded.state.live;
  }

  /** `pulumi up`: creates, or updates if the diff has changes; returns whether it did. */
  async up(system: string, { onStatus, signal, ...settings }: Settings = {}): Promise<boolean> {
    const inputs: DeploymentInputs = {
      ...deploymentInputs.parse({ host: 'one', connection: this.#connection, system, revision: 'r' }),
      // Below the limits of the config: here, what a deployment waits for comes at once or never.
      confirmTimeoutSeconds: 4,
      activationTimeoutSeconds: 30,
      ...settings,
    };
    const context = this.#context(onStatus, signal);
    const { recorded } = this;
    if (recorded && !deployment.diff(recorded, inputs).changes) return false;
    try {
      if (recorded) {
        this.recorded = {
          id: recorded.id,
          inputs,
          state: await deployment.update(recorded, inputs, context),
        };
      } else {
        const { id, state } = await deployment.create(inputs, context);
        this.recorded = { id, inputs, state };
      }
      return true;
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw error;
      this.recorded = { id: error.id, inputs, state: error.state as DeploymentState };
      throw error.cause;
    }
  }

  /** `pulumi refresh`: returns why the machine is unhealthy, if it is. */
  async refresh(): Promise<string | undefined> {
    if (!this.recorded) throw new Error('nothing is recorded');
    const { id, inputs, state } = this.recorded;
    const found = await deployment.read(id, { inputs, state }, this.#context());
    if (!found) throw new Error('the machine counts as gone');
    this.recorded = { id: found.id, inputs: found.inputs, state: found.state };
    return found.unhealthy;
  }

  /** `pulumi import` */
  async import(id: string): Promise<void> {
    const found = await deployment.read(id, undefined, this.#context());
    if (!found) throw new Error('nothing was found');
    this.recorded = found;
  }

  /** `pulumi destroy` */
  async destroy(): Promise<void> {
    if (!this.recorded) throw new Error('nothing is recorded');
    await deployment.delete(this.recorded, this.#context());
  }

  #context(onStatus?: (line: string) => void, signal = new AbortController().signal) {
    this.lines = [];
    const note = (line: string) => {
      this.lines.push(line);
      onStatus?.(line);
    };
    return {
      urn: 'urn:pulumi:test::fleet::nixos:index:Deployment::one',
      name: 'one',
      signal,
      rollout: new RolloutRun(async () => {}),
      status: note,
      log: (_: string, line: string) => note(line),
    };
  }
}
