import { FleetError } from '../../base/errors.ts';
import { shellCommand } from '../../base/quote.ts';
import { scriptFile, scriptText } from '../script/text.ts';
import type { Machine, RunOnMachineOptions } from '../ssh/machine.ts';
import type { Generator } from './substance.ts';

/** How a machine is asked what it is made of. */
export interface HardwareRequest {
  generator: Generator;
  /** Whether file systems and swap are told too; of nixos-generate-config alone. */
  fileSystems: boolean;
  /** What is run instead of the generator: program and arguments. */
  command?: readonly string[] | undefined;
}

const script = scriptFile('./run-generator.sh', import.meta.url);

/** Exit code of the script where it does not find the program. */
const notFound = 127;

/** The words that make a machine tell what it is made of. */
export function hardwareCommand({ generator, fileSystems, command }: HardwareRequest): readonly string[] {
  if (command) return command;
  if (generator === 'nixos-facter') return ['nixos-facter'];
  return ['nixos-generate-config', '--show-hardware-config', ...(fileSystems ? [] : ['--no-filesystems'])];
}

/**
 * Asks a machine what it is made of, in one ssh round trip, and changes nothing there.
 * @throws FleetError hardware-failed where the generator is missing, fails or says nothing of use; unreachable, host-key,
 * access-denied, cancelled
 */
export async function readHardware(
  machine: Machine,
  request: HardwareRequest,
  options: Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds'> = {},
): Promise<string> {
  const words = hardwareCommand(request);
  const [program = ''] = words;
  const text = scriptText(script, { args: words });
  const { exitCode, stdout, stderr } = await machine.run(text, {
    timeoutSeconds: 120,
    ...options,
  });
  const failed = (why: string, fix: string) =>
    new FleetError({
      code: 'hardware-failed',
      what: `the machine does not tell what it is made of`,
      host: machine.name,
      why,
      fix,
    });
  if (exitCode === notFound && stdout === '') {
    throw failed(`it has no ${program}`, howToHave(request));
  }
  const said = stderr.trim().split('\n').slice(-5).join('\n');
  const byHand = `Run it there by hand, as root: ${shellCommand(words)}`;
  if (exitCode !== 0) throw failed(said || `${program} ended with ${exitCode}`, byHand);
  const problem = problemOf(stdout, request.generator);
  if (problem) throw failed(problem, byHand);
  return stdout.endsWith('\n') ? stdout : `${stdout}\n`;
}

/** Why a text cannot be what the generator says; undefined where it can. */
export function problemOf(text: string, generator: Generator): string | undefined {
  if (generator === 'nixos-generate-config') {
    const code = text.replaceAll(/^\s*#.*$/gm, '').trim();
    return code.startsWith('{') && code.endsWith('}') ? undefined : 'what it printed is no NixOS module';
  }
  try {
    const report = JSON.parse(text);
    if (typeof report?.hardware === 'object' && typeof report?.system === 'string') return undefined;
    return 'what it printed is no report of nixos-facter: it lacks hardware or system';
  } catch (error) {
    return `what it printed is no JSON: ${(error as Error).message}`;
  }
}

function howToHave({ generator, command }: HardwareRequest): string {
  if (command) return 'Set hardwareConfig.command to a program that it has.';
  if (generator === 'nixos-facter') {
    return [
      'Put pkgs.nixos-facter into environment.systemPackages, or have Nix bring it:',
      'hardwareConfig: { generator: nixos-facter, command: [nix, run, "nixpkgs#nixos-facter"] }',
    ].join('\n');
  }
  return [
    'NixOS and its installers have it, unless system.tools.nixos-generate-config.enable is false. Elsewhere have Nix bring it:',
    'hardwareConfig: { command: [nix, shell, "nixpkgs#nixos-install-tools", -c, nixos-generate-config, --show-hardware-config, --no-filesystems] }',
  ].join('\n');
}
