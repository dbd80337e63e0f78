import type { HostFacts } from '../../schema/facts.ts';
import { sha256 } from '../base/hash.ts';
import { mapValues } from '../base/map-values.ts';
import type { NamedText } from './derivation-text.ts';
import { switching } from './prediction/switching.ts';
import type { RawEtc, RawPackage, RawSystem, RawUnit } from './raw-facts.ts';
import { fingerprintOfKey } from './ssh-key.ts';

/** Keeps a text whose hash is a fact, so that a preview can show its changed lines. */
type KeepText = (hash: string, text: string) => void;

export interface CondenseOptions {
  /** Text of a derivation that writes a configuration file or a script, and the texts it refers to. */
  derivationTexts: (drvPath: string) => readonly NamedText[];
  /** Content of a file in the store; undefined if it is not text or cannot be read. */
  fileText: (path: string) => string | undefined;
  keepText: KeepText;
}

/** Turns raw facts into what is recorded and shown: maps instead of lists, and hashes instead of texts. */
export function condense(raw: RawSystem, options: CondenseOptions): HostFacts {
  return {
    nixosLabel: raw.nixosLabel,
    stateVersion: raw.stateVersion,
    platform: raw.platform,
    container: raw.container,
    kernel: {
      version: raw.kernel.version ?? 'host',
      modDirVersion: raw.kernel.modDirVersion ?? 'host',
      build: /^\/nix\/store\/(\w{12})/.exec(raw.kernel.out ?? '')?.[1] ?? '',
      params: kernelParams(raw.kernel.params),
      initrdModules: {
        ...marked(raw.kernel.initrdModules, false),
        ...marked(raw.kernel.initrdModulesLoaded, true),
      },
      modules: {
        ...marked(raw.kernel.modules, true),
        ...marked(
          raw.kernel.extraModulePackages.map(({ name, version }) => (version ? `${name} ${version}` : name)),
          true,
        ),
      },
    },
    packages: packageVersions(raw.packages),
    units: {
      ...mapValues(raw.units, (unit) => unitFact(unit, options)),
      ...Object.fromEntries(
        Object.entries(raw.userUnits).map(([name, unit]) => [`user/${name}`, unitFact(unit, options)]),
      ),
    },
    etc: mapValues(
      // Units are facts of their own, so their folders are left out.
      Object.fromEntries(Object.entries(raw.etc).filter(([name]) => !/^systemd\/(system|user)$/.test(name))),
      (entry) => etcFact(entry, options),
    ),
    firewall: {
      enabled: raw.firewall.enabled,
      tcp: marked(raw.firewall.tcp, true),
      udp: marked(raw.firewall.udp, true),
    },
    users: mapValues(raw.users, ({ wheel, keys }) => ({
      wheel,
      keys: Object.fromEntries(keys.flatMap(fingerprintOfKey)),
    })),
    fileSystems: mapValues(raw.fileSystems, ({ fsType, device }) => `${fsType} ${device}`.trim()),
    bootLoader: raw.bootLoader,
    sshd: { enabled: raw.sshd.enabled, ports: marked(raw.sshd.ports.map(String), true) },
    specialisations: marked(raw.specialisations, true),
    inhibitors: raw.inhibitors,
    ...(raw.access ? { access: accessFacts(raw.access) } : {}),
    switching: switching(raw),
    ...(raw.unread.length > 0 ? { unread: marked(raw.unread, true) } : {}),
  };
}

function accessFacts({
  permitRootLogin,
  trustedInterfaces,
  nix,
  switchable,
  rootPassword = null,
  sshPasswords = null,
}: NonNullable<RawSystem['access']>) {
  return {
    ...(permitRootLogin === null ? {} : { permitRootLogin }),
    trustedInterfaces: marked(trustedInterfaces, true),
    ...(nix === null ? {} : { nix }),
    ...(switchable === null ? {} : { switchable }),
    ...(rootPassword === null ? {} : { rootPassword }),
    ...(sshPasswords === null ? {} : { sshPasswords }),
  };
}

/** ["console=ttyS0", "quiet", "console=tty0"] to { console: "ttyS0 tty0", quiet: "" }. */
export function kernelParams(params: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const param of params) {
    const equals = param.indexOf('=');
    const name = equals < 0 ? param : param.slice(0, equals);
    const value = equals < 0 ? '' : param.slice(equals + 1);
    values.set(name, [values.get(name) ?? '', value].filter(Boolean).join(' '));
  }
  return Object.fromEntries(values);
}

/** Name to version; several versions of one name are joined by a comma. */
function packageVersions(packages: readonly RawPackage[]): Record<string, string> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages)
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return Object.fromEntries(
    [...versions].map(([name, all]) => [name, [...all].filter(Boolean).sort().join(', ')]),
  );
}

function unitFact(unit: RawUnit, options: CondenseOptions): string {
  const install = [
    ...unit.wantedBy.map((target) => `# wanted by ${target}`),
    ...unit.requiredBy.map((target) => `# required by ${target}`),
    ...unit.upheldBy.map((target) => `# upheld by ${target}`),
    ...unit.aliases.map((alias) => `# alias ${alias}`),
  ].sort();
  const text = [unit.text.trimEnd(), ...install, ...referredTexts(unit.texts, options)].join('\n');
  return `${unit.enable ? 'enabled' : 'disabled'} ${keep(text, options)}`;
}

function etcFact(entry: RawEtc, options: CondenseOptions): string {
  const mode = entry.mode === 'symlink' ? [] : [`# mode ${entry.mode}`];
  if (entry.exact !== undefined) {
    const hash = hashOf([...mode, entry.exact].join('\n'));
    const text = entry.path === undefined ? undefined : options.fileText(entry.path);
    options.keepText(hash, [...mode, text ?? entry.exact].join('\n'));
    return hash;
  }
  const content = [
    ...mode,
    entry.text ?? `# ${entry.source ?? ''}`,
    ...referredTexts(entry.texts ?? [], options),
  ];
  return keep(content.join('\n'), options);
}

/**
 * "── name" and content of each text, without store hashes. Sorted, because a derivation's inputs are ordered by their hashes;
 * each once, because a text and its checked copy are two derivations.
 */
function referredTexts(drvPaths: readonly string[], { derivationTexts }: CondenseOptions): string[] {
  const parts = drvPaths.flatMap(derivationTexts).map(({ name, content }) => `── ${name}\n${content}`);
  return [...new Set(parts.map(withoutStoreHashes))].sort();
}

function keep(text: string, { keepText }: CondenseOptions): string {
  const stable = withoutStoreHashes(text);
  const hash = hashOf(stable);
  keepText(hash, stable);
  return hash;
}

/** A store path's hash changes with every dependency of its build; the name, with the version, is what matters. */
function withoutStoreHashes(text: string): string {
  return text.replace(/\/nix\/store\/[0-9a-z]{32}-/g, '');
}

function hashOf(text: string): string {
  return sha256(text).slice(0, 12);
}

function marked<Value>(names: readonly string[], value: Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
