/**
 * Deploys the machines of a stack by Pulumi's Automation API, and prints what became of each as JSON. See README.md.
 *
 *   node deploy.ts [--preview] STACK [FOLDER]
 */
import { parseArgs } from 'node:util';
import { type EngineEvent, LocalWorkspace, type StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** What became of one machine. */
interface Machine {
  /** What was done, or what a preview would do: such as `update Deployment`, with the properties that differ. */
  changes: { op: string; resource: string; properties: string[] }[];
  /** What the machine runs, as the stack records it now; null before its first deployment. */
  live: object | null;
  errors: string[];
}

interface Result {
  result: 'succeeded' | 'failed' | 'interrupted';
  machines: Record<string, Machine>;
  /** Errors that belong to no machine. */
  errors: string[];
}

const result: Result = { result: 'succeeded', machines: {}, errors: [] };
/** Machine of each resource. */
const machineOf = new Map<string, string>();

function machine(name: string): Machine {
  result.machines[name] ??= { changes: [], live: null, errors: [] };
  return result.machines[name];
}

/** `Deployment web` of a URN. */
function nameOf(urn: string): string {
  const [, , types = '', name = ''] = urn.split('::');
  return `${types.split(':').at(-1)} ${name}`;
}

function seen({ urn, type, new: desired, old }: StepEventMetadata): string | undefined {
  const { host } = (desired ?? old)?.inputs ?? {};
  if (!type.startsWith('nixos:') || typeof host !== 'string') return undefined;
  machineOf.set(urn, host);
  return host;
}

function changed(step: StepEventMetadata): void {
  const host = seen(step);
  if (host === undefined || step.op === 'same' || step.op === 'read' || step.logical === false) return;
  const properties = Object.keys(step.detailedDiff ?? {});
  machine(host).changes.push({ op: step.op, resource: nameOf(step.urn), properties });
}

function follow({ resourcePreEvent, resOutputsEvent, diagnosticEvent }: EngineEvent): void {
  if (resourcePreEvent) seen(resourcePreEvent.metadata);
  // A preview has these events, too.
  if (resOutputsEvent) changed(resOutputsEvent.metadata);
  if (diagnosticEvent?.severity !== 'error') return;
  const { urn = '', message } = diagnosticEvent;
  const host = machineOf.get(urn);
  const error = message.replace(/^error: /, '').trim();
  // Pulumi's last word, when others have failed.
  if (/^(update|preview) failed$/.test(error)) return;
  (host === undefined ? result : machine(host)).errors.push(error);
}

const { values, positionals } = parseArgs({
  options: { preview: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [stackName, workDir = '.'] = positionals;
if (stackName === undefined) {
  console.error('usage: node deploy.ts [--preview] STACK [FOLDER]');
  process.exit(2);
}

// A terminal sends Ctrl-C to pulumi itself; a second SIGINT would make pulumi end at once, without waiting for its machines.
const interruption = new AbortController();
process.on('SIGINT', () => {
  result.result = 'interrupted';
  if (!process.stdin.isTTY) interruption.abort();
});
process.on('SIGTERM', () => {
  result.result = 'interrupted';
  interruption.abort();
});

const toTerminal = (text: string) => process.stderr.write(text);
const options = { onEvent: follow, onOutput: toTerminal, onError: toTerminal, signal: interruption.signal };
try {
  const stack = await LocalWorkspace.selectStack({ stackName, workDir });
  try {
    await (values.preview ? stack.preview(options) : stack.up(options));
  } catch (error) {
    if (result.result === 'succeeded') result.result = 'failed';
    const known = [result, ...Object.values(result.machines)].some(({ errors }) => errors.length > 0);
    // Its message has all of Pulumi's output, which is on standard error.
    if (!known && result.result === 'failed') result.errors.push(String(error));
  }
  const { deployment } = await stack.exportStack();
  for (const { type, inputs, outputs } of deployment.resources ?? []) {
    if (type === 'nixos:index:Deployment') machine(inputs.host).live = outputs.live ?? null;
  }
} catch (error) {
  result.result = 'failed';
  result.errors.push(error instanceof Error ? error.message : String(error));
}
console.log(JSON.stringify(result, undefined, 2));
process.exitCode = { succeeded: 0, failed: 1, interrupted: 130 }[result.result];
