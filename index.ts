import * as pulumi from '@pulumi/pulumi';
import { declareCaches, Fleet, type FleetHost, Images, Lab, VirtualMachines } from './components/index.ts';
import { checkSystems } from './lib/builders/check-systems.ts';
import { type AskedCache, type AskedHost, askCaches } from './lib/caches/ask-caches.ts';
import { askedCaches, askedHosts } from './lib/config/asked-caches.ts';
import { refuseClearPasswords } from './lib/config/become-password.ts';
import { resolveSecrets } from './lib/config/host-secrets.ts';
import { hostSettings, labAddresses, splitSettings, virtualMachineOf } from './lib/config/hosts.ts';
import { imageSettings } from './lib/config/images.ts';
import { parseConfig } from './lib/config/parse-config.ts';
import { isSecretConfig, ownConfig } from './lib/config/pulumi-config.ts';
import { rehearsedSystems, virtualSystems } from './lib/config/virtual-machines.ts';
import { FleetError } from './lib/errors.ts';
import { evaluateFleet } from './lib/evaluation/evaluate-fleet.ts';
import { evaluateOutputs } from './lib/evaluation/evaluate-outputs.ts';
import { describeInputs } from './lib/evaluation/input-ages.ts';
import { checkKernels } from './lib/kernel/check-kernels.ts';
import { configureKernels } from './lib/kernel/configure.ts';
import { ensureLabBase } from './lib/lab/base.ts';
import { labInputs } from './lib/lab/inputs.ts';
import { askMachines, type LiveAnswer, liveSystem, noteOf } from './lib/machine/check-live.ts';
import { reachHosts } from './lib/machine/reach-hosts.ts';
import { refuseUnrehearsed } from './lib/rehearsal/refuse.ts';
import type { FleetEvaluation } from './schema/evaluation.ts';

// Pulumi takes a stack trace for each of the hundreds of promises a machine costs: the frame where each began is enough.
Error.stackTraceLimit = 1;

/** Reads the stack's config, evaluates the flake once for all machines, and declares them. */
async function program(): Promise<{ fleet: Fleet; images: Images }> {
  // The engine starts the provider when it is first called: now, beside the evaluation, and not after it.
  void pulumi.runtime.invoke('nixos:index:getVersion', {}).catch(() => {});
  const config = parseConfig(ownConfig(), pulumi.getStack());
  refuseClearPasswords(config, isSecretConfig);
  const hosts = hostSettings(config);
  const secrets = await resolveSecrets(
    Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, host.secrets])),
    {
      baseDirectory: pulumi.getRootDirectory(),
      encrypted: isSecretConfig('hosts'),
    },
  );
  const reached = await reachHosts(pulumi.getStack(), hosts);
  const answers = config.checkLive ? askMachines(reached) : undefined;
  const labMachines = labAddresses(hosts);
  const labBase = Object.keys(labMachines).length > 0 ? await ensureLabBase() : undefined;
  const flake = {
    flake: config.flake,
    baseDirectory: pulumi.getRootDirectory(),
    overrideInputs: { ...(await labInputs(config)), ...config.overrideInputs },
  };
  const imagesAsked = imageSettings(config);
  const evaluated = await evaluateFleet({
    ...flake,
    hosts: mapValues(hosts, ({ configuration }) => configuration),
    images: imagesAsked,
    memoryMiB: config.evaluationMemoryMiB,
    onProgress: afterOneSecond(showProgress),
  });
  const kernels =
    config.kernelPreview === 'configure' ? await configure(evaluated.kernels) : evaluated.kernels;
  if (pulumi.runtime.isDryRun()) noteInputs(evaluated.inputs, config.inputMaxAgeDays);
  const rehearsed = await evaluateOutputs({ ...flake, outputs: rehearsedSystems(hosts) });
  const judged = checkKernels(
    refuseUnrehearsed({ ...evaluated, kernels }, rehearsed.failures),
    (name) => hosts[name]?.allowUnbootableKernel === true,
  );
  const evaluation = await checkSystems(judged, config.builders);
  const lab =
    labBase && config.lab?.network
      ? new Lab(pulumi.getStack(), {
          network: config.lab.network,
          base: labBase.base,
          machines: labMachines,
        })
      : undefined;
  const images = new Images(pulumi.getStack(), {
    images: imagesAsked,
    evaluations: evaluated.images,
    revision: evaluated.revision,
    builders: config.builders,
  });
  const systems = await evaluateOutputs({ ...flake, outputs: virtualSystems(config) });
  const virtual =
    Object.keys(config.virtualMachines).length > 0
      ? new VirtualMachines(pulumi.getStack(), {
          machines: config.virtualMachines,
          imagePath: (image) => images.pathOf(image),
          systems: systems.outputs,
        })
      : undefined;
  const fleetHosts: Record<string, FleetHost> = {};
  for (const [name, host] of Object.entries(hosts)) {
    const { connection, settings } = splitSettings(host);
    const machine = virtualMachineOf(name, host);
    // Its virtual machine could not be evaluated, which the program ends with.
    if (machine && !virtual?.machines[machine]) continue;
    fleetHosts[name] = {
      ...settings,
      connection: lab?.connections[name] ?? virtual?.connectionOf(machine, connection) ?? connection,
      machineId: lab?.machines[name]?.machineId ?? virtual?.machines[machine ?? '']?.machineId,
      secrets: secrets[name],
      rehearsal: rehearsed.outputs[name] && {
        stack: pulumi.getStack(),
        ...rehearsed.outputs[name],
        ...(typeof host.rehearse === 'object' ? host.rehearse : {}),
      },
    };
  }
  const connections = mapValues(fleetHosts, ({ connection }) => connection);
  const caches = declareCaches(config.caches, connections);
  for (const host of Object.values(fleetHosts)) host.caches = caches;
  const live = await answers;
  if (live && pulumi.runtime.isDryRun()) noteLive(live, evaluation);
  if (pulumi.runtime.isDryRun()) {
    const changed = askedHosts({ evaluation, live, connections: reached, hosts });
    await noteCaches(askedCaches(config.caches, reached), changed);
  }
  const liveSystems = live && mapValues(live, liveSystem);
  const failures = [...images.failures, ...systems.failures.map(({ message }) => message)];
  const fleet = new Fleet('fleet', {
    evaluation,
    hosts: fleetHosts,
    failures,
    builders: config.builders,
    ...(liveSystems ? { liveSystems } : {}),
  });
  return { fleet, images };
}

/** Runs Kconfig for each kernel, and tells what it did not do as asked. */
async function configure(kernels: FleetEvaluation['kernels']): Promise<FleetEvaluation['kernels']> {
  const configured = await configureKernels(kernels, { onProgress: afterOneSecond(showProgress) });
  for (const warning of configured.warnings) void pulumi.log.warn(warning);
  return configured.kernels;
}

/** Tells how old the flake's inputs are. */
function noteInputs(inputs: FleetEvaluation['inputs'], maxAgeDays: number | undefined): void {
  const { note, warnings } = describeInputs(inputs, { now: Date.now() / 1000, maxAgeDays });
  if (note) void pulumi.log.info(note);
  for (const warning of warnings) void pulumi.log.warn(warning);
}

/** Tells of machines that were switched by other means. */
function noteLive(answers: Record<string, LiveAnswer>, evaluation: FleetEvaluation): void {
  for (const [name, answer] of Object.entries(answers)) {
    const evaluated = evaluation.hosts[name];
    const note = evaluated?.ok ? noteOf(answer, name, evaluated.outPath) : undefined;
    if (note) void pulumi.log.warn(note);
  }
}

/** Tells what the caches have of the systems that are not live yet. */
async function noteCaches(
  caches: Record<string, AskedCache>,
  hosts: Record<string, AskedHost>,
): Promise<void> {
  for (const { severity, text } of await askCaches(caches, hosts)) {
    void (severity === 'warning' ? pulumi.log.warn(text) : pulumi.log.info(text));
  }
}

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function showProgress(message: string): void {
  void pulumi.log.info(message, undefined, undefined, true);
}

/** Passes on only what is said after one second: a quick evaluation is nobody's news. */
function afterOneSecond(say: (message: string) => void): (message: string) => void {
  const begun = Date.now();
  return (message) => {
    if (Date.now() - begun >= 1000) say(message);
  };
}

const { fleet, images } = await program().then(
  async (declared) => {
    await declared.fleet.completed;
    return declared;
  },
  (error: unknown) => {
    throw error instanceof FleetError ? new pulumi.RunError(error.message) : error;
  },
);

/** What each machine runs; see `MachineSummary`. */
export const machines = fleet.machines;
/** The newest deployments of each machine. */
export const history = fleet.history;
const { summaries } = images;

/** What each disk image is; see `ImageSummary`. */
export { summaries as images };
