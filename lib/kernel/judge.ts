import type { KernelNeeds } from '../../schema/evaluation.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { type MissingModule, missingModules, missingRootFileSystem } from './initrd-modules.ts';
import { type MissingSymbol, missingSymbols } from './required-config.ts';
import { type KnownKernel, symbolValue } from './symbols.ts';

export interface KernelJudgement {
  /** Why the machine cannot boot with this kernel, one line each. */
  unbootable: string[];
  /** Problems that do not prevent booting. */
  warnings: string[];
}

/** Compares what a machine requires of its kernel with the kernel's configuration. */
export function judgeKernel(needs: KernelNeeds, facts: HostFacts, kernel: KnownKernel): KernelJudgement {
  // A flake with requiredConfig asserts the same at evaluation; only a run of Kconfig can find more.
  const required = needs.judgedByFlake && !kernel.configured ? {} : needs.required;
  const missing = missingSymbols(required, kernel);
  const fatal = missing.filter(({ neededToBoot, actual }) => neededToBoot && actual !== undefined);
  const other = missing.filter((symbol) => !fatal.includes(symbol));
  const root = missingRootFileSystem(facts.fileSystems, kernel);
  return {
    unbootable: [
      ...fatal.map(({ line, actual }) => `${line} (it is ${actual})`),
      ...(root ? [`CONFIG_${root.symbol}=y, for the root file system (it is n)`] : []),
      ...efiProblem(needs, facts, kernel, fatal),
    ],
    warnings: [
      ...missingWarning(kernel, other),
      ...(needs.allowMissingModules ? [] : initrdWarning(facts, kernel)),
      ...moduleWarning(facts, kernel),
    ],
  };
}

/** A package may set features.efiBootStub although the configuration has no stub. */
function efiProblem(
  { efiBootStub }: KernelNeeds,
  { bootLoader }: HostFacts,
  kernel: KnownKernel,
  alreadyNamed: readonly MissingSymbol[],
): string[] {
  if (bootLoader !== 'systemd-boot' || symbolValue(kernel, 'EFI_STUB') !== 'n') return [];
  if (alreadyNamed.some(({ symbol }) => symbol === 'EFI_STUB')) return [];
  const but = efiBootStub ? ', though its package has features.efiBootStub = true' : '';
  return [`CONFIG_EFI_STUB=y, for systemd-boot (it is n${but})`];
}

function missingWarning({ version, configOrigin }: KnownKernel, missing: readonly MissingSymbol[]): string[] {
  if (missing.length === 0) return [];
  const unnamed = configOrigin === 'fragment' && missing.some(({ actual }) => actual === undefined);
  const lines = missing.map(
    ({ line, actual }) => `  ${line}${actual === undefined ? '' : ` (it is ${actual})`}`,
  );
  return [
    [
      `the kernel ${version} lacks symbols that the configuration requires (system.requiredKernelConfig, which NixOS no longer checks):`,
      ...lines,
      'Add these lines to the kernel’s configuration.' +
        (unnamed ? ' Symbols without a value are not in the file: Kconfig’s default decides.' : ''),
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
      'the initrd will not build (“modprobe: FATAL: Module … not found” in modules-shrunk). The kernel lacks these modules:',
      ...missing.map(moduleLine),
      modular
        ? `Build them (=m or =y), or leave them out: nixosFleet.kernel.absentModules = [ ${names} ]. Without our modules: boot.initrd.availableKernelModules.<name> = lib.mkForce false.`
        : 'The kernel has no modules at all (CONFIG_MODULES is not set). Build in everything that the machine needs, and set boot.initrd.allowMissingModules = true.',
    ].join('\n'),
  ];
}

function moduleWarning(facts: HostFacts, kernel: KnownKernel): string[] {
  const wanted = Object.keys(facts.kernel.modules).filter((name) => !name.includes(' '));
  // Every NixOS lists loop and atkbd, and boots without them.
  const missing = missingModules(wanted, kernel).filter(({ module }) => !['loop', 'atkbd'].includes(module));
  if (missing.length === 0) return [];
  return [
    ['boot.kernelModules lists modules that the kernel does not have:', ...missing.map(moduleLine)].join(
      '\n',
    ),
  ];
}

function moduleLine({ module, symbol }: MissingModule): string {
  return `  ${module}${symbol ? ` (CONFIG_${symbol} is n)` : ''}`;
}
