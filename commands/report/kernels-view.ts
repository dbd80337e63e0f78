import { counted } from '../../lib/base/text.ts';
import type { ShownFleet } from './fleet.ts';
import { html, type Markup, type Part } from './html.ts';
import type { ShownKernel } from './recorded-fleet.ts';
import { machineNames, section, table } from './view-parts.ts';

/** Most lines of configurations in a report; each has some 20 bytes. */
const mostSymbols = 12_000;

/** The kernels that run, and those that the state records with their configuration. */
export function kernelsView({ machines, kernels }: ShownFleet): Part {
  const running = new Map<string, string[]>();
  for (const { name, running: now } of machines)
    if (now?.kernel) running.set(now.kernel, [...(running.get(now.kernel) ?? []), name]);
  if (running.size === 0 && kernels.length === 0) return undefined;
  const rows = [...running]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(
      ([version, names]) =>
        html`<tr class="searched"><th scope="row">${version}</th><td>${names.length}</td><td>${machineNames(names)}</td></tr>
`,
    );
  return section(
    'kernels',
    'Kernels',
    rows.length > 0 ? table('Running kernels', ['running', 'count', 'machines'], rows) : undefined,
    configurations(kernels),
  );
}

/** The first kernel, which most machines have, whole; others by their difference from it. */
function configurations(kernels: readonly ShownKernel[]): Part {
  const [base] = kernels;
  let left = mostSymbols;
  return kernels.map((kernel) => {
    const isBase = kernel === base;
    const lines = isBase ? linesOf(kernel.config) : differencesOf(base?.config ?? {}, kernel.config);
    const shown = lines.slice(0, Math.max(0, left));
    left -= shown.length;
    const title = isBase
      ? counted(lines.length, 'symbol')
      : `${counted(lines.length, 'symbol')} not as in ${base?.name}`;
    return kernelView(kernel, { title, shown, more: lines.length - shown.length });
  });
}

interface Configuration {
  title: string;
  shown: readonly string[];
  more: number;
}

function kernelView(
  { name, version, source, patches, machines }: ShownKernel,
  config: Configuration,
): Markup {
  const { title, shown, more } = config;
  const patched = `${patches.length === 1 ? 'patch' : 'patches'} ${patches.join(', ')}`;
  const about = [source, patches.length > 0 ? patched : ''].filter(Boolean).join('; ');
  return html`<article class="kernel"><h3>${name} <span class="count">${version}</span></h3>
<p>${about}</p>
<p>${machineNames(machines)}</p>
${shown.length > 0 ? html`<details class="config"><summary>${title}</summary><pre>${shown.join('\n')}</pre>${more > 0 ? html`<p>… and ${more} more</p>` : undefined}</details>` : html`<p>${title}</p>`}</article>
`;
}

type Symbols = Readonly<Record<string, string>>;

function linesOf(config: Symbols): string[] {
  return Object.entries(config)
    .map(([symbol, value]) => `${symbol}=${value}`)
    .sort();
}

function differencesOf(base: Symbols, config: Symbols): string[] {
  const names = [...new Set([...Object.keys(base), ...Object.keys(config)])].sort();
  return names
    .filter((name) => base[name] !== config[name])
    .map((name) => `${name}=${config[name] ?? 'not set'} (${base[name] ?? 'not set'})`);
}
