import { type HostFacts, parseFacts } from '../../schema/facts.ts';
import { counted } from '../base/text.ts';

/** The facts of a new machine in a few lines: versions, counts, ports, users. */
export function summarizeFacts(text: string): Record<string, string> {
  const facts = parseFacts(text);
  const { units, specialisations } = facts;
  const enabled = Object.values(units).filter((state) => state.startsWith('enabled')).length;
  const variants = Object.keys(specialisations);
  return {
    system: [facts.nixosLabel, facts.platform, `state version ${facts.stateVersion}`]
      .filter(Boolean)
      .join(', '),
    kernel: kernelLine(facts),
    packages: String(Object.keys(facts.packages).length),
    units: `${Object.keys(units).length}, ${enabled} enabled`,
    etc: counted(Object.keys(facts.etc).length, 'file'),
    ports: portsLine(facts),
    users: Object.entries(facts.users).map(userLine).join(', '),
    ...(variants.length > 0 ? { specialisations: variants.join(', ') } : {}),
  };
}

function kernelLine({ container, kernel, bootLoader }: HostFacts): string {
  if (container) return 'that of its host';
  const counts = [
    counted(Object.keys(kernel.params).length, 'parameter'),
    counted(Object.keys(kernel.initrdModules).length, 'initrd module'),
  ];
  return [kernel.version, ...counts, bootLoader].join(', ');
}

function portsLine({ firewall, sshd }: HostFacts): string {
  const ssh = sshd.enabled ? `sshd on ${Object.keys(sshd.ports).join(', ')}` : 'no sshd';
  if (!firewall.enabled) return `${ssh}; no firewall`;
  const open = [
    ...Object.keys(firewall.tcp).map((port) => `${port}/tcp`),
    ...Object.keys(firewall.udp).map((port) => `${port}/udp`),
  ];
  return `${ssh}; open: ${open.join(', ') || 'none'}`;
}

function userLine([name, { wheel, keys }]: [string, HostFacts['users'][string]]): string {
  return `${name} (${[...(wheel ? ['wheel'] : []), counted(Object.keys(keys).length, 'key')].join(', ')})`;
}

/** The symbols of a kernel by their values: '1043 symbols: 612 y, 401 m, 20 n, 10 others'. */
export function summarizeSymbols(symbols: Readonly<Record<string, string>>): string {
  const values = Object.values(symbols);
  const counts = ['y', 'm', 'n'].map(
    (value) => [values.filter((each) => each === value).length, value] as const,
  );
  const others = values.length - counts.reduce((sum, [count]) => sum + count, 0);
  const parts = [...counts, [others, others === 1 ? 'other' : 'others'] as const].filter(
    ([count]) => count > 0,
  );
  return [counted(values.length, 'symbol'), parts.map((part) => part.join(' ')).join(', ')]
    .filter(Boolean)
    .join(': ');
}
