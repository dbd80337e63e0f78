import type { Switching } from '../../../schema/facts.ts';
import type { RawEtc, RawSystem } from '../raw-facts.ts';
import { digest, formatUnitFact } from './unit-fact.ts';
import { unitFacts } from './units-at-boot.ts';

/** What decides what a switch to the system does to running units; undefined where it could not be read. */
export function switching(raw: RawSystem): Switching | undefined {
  if (!raw.switching || raw.unread.includes('units')) return undefined;
  const { release, systemd, unitPackages, defaultTarget, activationLists } = raw.switching;
  const { container } = raw;
  const facts = [
    ...unitFacts(raw.units, { scope: 'system', defaultTarget, container }),
    ...[...unitFacts(raw.userUnits, { scope: 'user', defaultTarget, container })].map(
      ([name, fact]) => [`user/${name}`, fact] as const,
    ),
  ];
  const packages = new Map<string, string>();
  for (const { name, path } of unitPackages) packages.set(name, `${packages.get(name) ?? ''}${path}\n`);
  return {
    release,
    systemd: digest(systemd),
    systemConf: digestOfEtc(raw.etc['systemd/system.conf']),
    packages: Object.fromEntries([...packages].map(([name, paths]) => [name, digest(paths)])),
    units: Object.fromEntries(facts.map(([name, fact]) => [name, formatUnitFact(fact)])),
    ...readFstab(raw.etc.fstab?.text ?? ''),
    ...(activationLists ? { activationLists } : {}),
  };
}

/** Exact, because a switch compares store paths; the facts of /etc leave them out. */
function digestOfEtc(entry: RawEtc | undefined): string {
  return entry ? digest(`${entry.text ?? entry.source ?? entry.exact ?? ''}`) : '';
}

/** Mount points and swap devices, as switch-to-configuration reads them. */
export function readFstab(text: string): Pick<Switching, 'mounts' | 'swaps'> {
  const mounts: Record<string, string> = {};
  const swaps: Record<string, boolean> = {};
  for (const line of text.split('\n')) {
    const [device = '', at, type, options = ''] = line.split(/\s+/).filter(Boolean);
    if (line.includes('#') || at === undefined || type === undefined) continue;
    if (type === 'swap') swaps[device] = true;
    else {
      const how = options.includes('x-systemd.automount')
        ? ' automount'
        : /(^|,)noauto(,|$)/.test(options)
          ? ' noauto'
          : '';
      mounts[at] = `${digest(`${device} ${type}`)} ${digest(options)}${how}`;
    }
  }
  return { mounts, swaps };
}
