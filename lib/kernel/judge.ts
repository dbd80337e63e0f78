import type { KernelNeeds } from '../../schema/evaluation.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { type MissingModule, missingModules, missingRootFileSystem } from './initrd-modules.ts';
import { type Lacking, lackingSymbols } from './required-config.ts';
import { type KnownKernel, symbolValue } from './symbols.ts';

export interface KernelJudgement {
  /** Why the machine cannot come up with this kernel, one line each. */
  unbootable: string[];
  /** What is wrong, but does not keep the machine from coming up. */
  warnings: string[];
}

/** What a machine asks of its kernel against what the kernel's configuration says. */
export function judgeKernel(needs: KernelNeeds, facts: HostFacts, kernel: KnownKernel): KernelJudgement {
  // A flake with an option for it has said all that an evaluation can tell; a run of Kconfig tells more.
  const required = needs.judgedByFlake && !kernel.configured ? {} : needs.required;
  const lacking = lackingSymbols(required, kernel);
  const fatal = lacking.filter(({ needed, is }) => needed && is !== undefined);
  const other = lacking.filter((symbol) => !fatal.includes(symbol));
  const root = missingRootFileSystem(facts.fileSystems, kernel);
  return {
    unbootable: [
      ...fatal.map(({ line, is }) => `${line} (it is ${is})`),
      ...(root ? [`CONFIG_${root.symbol}=y, for the root file system (it is n)`] : []),
      ...efiProblem(needs, facts, kernel, fatal),
    ],
    warnings: [
      ...lackingWarning(kernel, other),
      ...(needs.allowMissingModules ? [] : initrdWarning(facts, kernel)),
      ...moduleWarning(facts, kernel),
    ],
  };
}

/** A package may say that its kernel starts from EFI, and a configuration the opposite. */
function efiProblem(
  { efiBootStub }: KernelNeeds,
  { bootLoader }: HostFacts,
  kernel: KnownKernel,
  said: readonly Lacking[],
): string[] {
  if (bootLoader !== 'systemd-boot' || symbolValue(kernel, 'EFI_STUB') !== 'n') return [];
  if (said.some(({ symbol }) => symbol === 'EFI_STUB')) return [];
  const but = efiBootStub ? ', though its package has features.efiBootStub = true' : '';
  return [`CONFIG_EFI_STUB=y, for systemd-boot (it is n${but})`];
}

function lackingWarning({ version, configOrigin }: KnownKernel, lacking: readonly Lacking[]): string[] {
  if (lacking.length === 0) return [];
  const unnamed = configOrigin === 'fragment' && lacking.some(({ is }) => is === undefined);
  const lines = lacking.map(({ line, is }) => `  ${line}${is === undefined ? '' : ` (it is ${is})`}`);
  return [
    [
      `the kernel ${version} lacks what the configuration asks for (system.requiredKernelConfig, which NixOS no longer checks):`,
      ...lines,
      'Add these lines to the kernel’s configuration.' +
        (unnamed ? ' Those without a value are not named in its file: Kconfig’s default decides.' : ''),
    ].join('\n'),
  ];
}

function initrdWarning(facts: HostFacts, kernel: KnownKernel): string[] {
  const missing = missingModules(Object.keys(facts.kernel.initrdModules), kernel);
  if (missing.length === 0) return [];
  const names = missing.map(({ module }) => `"${module}"`).join(' ');
  const modular = symbolValue(kernel, 'MODULES') !== 'n';
  return [
    [
      `the initrd will not build: “modprobe: FATAL: Module … not found” in modules-shrunk, for`,
      ...missing.map(described),
      modular
        ? `Build them (=m or =y), or leave them out: nixosFleet.kernel.absentModules = [ ${names} ]; in NixOS’s own words boot.initrd.availableKernelModules.<name> = lib.mkForce false.`
        : 'The kernel has no modules at all (CONFIG_MODULES is not set): boot.initrd.allowMissingModules = true, with all that the machine needs built in.',
    ].join('\n'),
  ];
}

function moduleWarning(facts: HostFacts, kernel: KnownKernel): string[] {
  const wanted = Object.keys(facts.kernel.modules).filter((name) => !name.includes(' '));
  // loop and atkbd are in every NixOS, which does not mind their absence.
  const missing = missingModules(wanted, kernel).filter(({ module }) => !['loop', 'atkbd'].includes(module));
  if (missing.length === 0) return [];
  return [['boot.kernelModules names what the kernel does not have:', ...missing.map(described)].join('\n')];
}

function described({ module, symbol }: MissingModule): string {
  return `  ${module}${symbol ? ` (CONFIG_${symbol} is n)` : ''}`;
}
