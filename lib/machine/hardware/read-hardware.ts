import { FleetError } from '../../base/errors.ts';
import { shellCommand } from '../../base/quote.ts';
import { scriptFile, scriptText } from '../script/text.ts';
import type { Machine, RunOnMachineOptions } from '../ssh/machine.ts';
import type { Generator } from './hardware-diff.ts';

/** How a machine's hardware is detected. */
export interface HardwareRequest {
  generator: Generator;
  /** Whether file systems and swap are included. Only for nixos-generate-config. */
  fileSystems: boolean;
  /** Program and arguments to run instead of the generator. */
  command?: readonly string[] | undefined;
}

const script = scriptFile('./run-generator.sh', import.meta.url);

/** Exit code of the script if the program does not exist. */
const notFound = 127;

/** The command that detects a machine's hardware. */
export function hardwareCommand({ generator, fileSystems, command }: HardwareRequest): readonly string[] {
  if (command) return command;
  if (generator === 'nixos-facter') return ['nixos-facter'];
  return ['nixos-generate-config', '--show-hardware-config', ...(fileSystems ? [] : ['--no-filesystems'])];
}

/**
 * Detects a machine's hardware in one ssh round trip. Changes nothing.
 * @throws FleetError hardware-failed if the generator is missing, fails or prints something else; unreachable, host-key,
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
      what: 'hardware detection failed',
      host: machine.name,
      why,
      fix,
    });
  if (exitCode === notFound && stdout === '') {
    throw failed(`${program} is not on the machine`, installHint(request));
  }
  const messages = stderr.trim().split('\n').slice(-5).join('\n');
  const byHand = `Run it there by hand, as root: ${shellCommand(words)}`;
  if (exitCode !== 0) throw failed(messages || `${program} exited with code ${exitCode}`, byHand);
  const problem = outputProblem(stdout, request.generator);
  if (problem) throw failed(problem, byHand);
  return stdout.endsWith('\n') ? stdout : `${stdout}\n`;
}

/** Why a text is not output of the generator; undefined if it is. */
export function outputProblem(text: string, generator: Generator): string | undefined {
  if (generator === 'nixos-generate-config') {
    const code = text.replaceAll(/^\s*#.*$/gm, '').trim();
    return code.startsWith('{') && code.endsWith('}') ? undefined : 'its output is not a NixOS module';
  }
  try {
    const report = JSON.parse(text);
    if (typeof report?.hardware === 'object' && typeof report?.system === 'string') return undefined;
    return 'its output is not a nixos-facter report: hardware or system is missing';
  } catch (error) {
    return `its output is not JSON: ${(error as Error).message}`;
  }
}

function installHint({ generator, command }: HardwareRequest): string {
  if (command) return 'Set hardwareConfig.command to a program that exists there.';
  if (generator === 'nixos-facter') {
    return [
      'Add pkgs.nixos-facter to environment.systemPackages, or let Nix provide it:',
      'hardwareConfig: { generator: nixos-facter, command: [nix, run, "nixpkgs#nixos-facter"] }',
    ].join('\n');
  }
  return [
    'NixOS and its installers have it unless system.tools.nixos-generate-config.enable is false. Otherwise let Nix provide it:',
    'hardwareConfig: { command: [nix, shell, "nixpkgs#nixos-install-tools", -c, nixos-generate-config, --show-hardware-config, --no-filesystems] }',
  ].join('\n');
}
