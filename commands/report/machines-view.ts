import { counted } from '../../lib/base/text.ts';
import { shortSystem } from '../../lib/machine/record/history.ts';
import { hasFailed, type ShownDeployment } from './deployments.ts';
import { type MachineGroup, marks, marksOf, type ShownFleet, type ShownMachine } from './fleet.ts';
import { html, type Markup, type Part } from './html.ts';
import { nixpkgsAges, nixpkgsOf } from './nixpkgs-age.ts';
import { section, time } from './view-parts.ts';

/** The machines as tiles, by wave or tags; each opens. */
export function machinesView({ groups, machines, writtenAt }: ShownFleet): Markup {
  const ages = nixpkgsAges(machines, writtenAt);
  return section(
    'machines',
    'Machines',
    ages
      ? html`<p class="sentence">${ages}.</p>
`
      : undefined,
    tagList(machines),
    machines.length === 0
      ? html`<p>The stack has no machines.</p>`
      : groups.map((group) => groupView(group, writtenAt)),
    html`<p class="nothing" hidden>No machine fits.</p>`,
  );
}

function tagList(machines: readonly ShownMachine[]): Part {
  const counts = new Map<string, number>();
  for (const { tags } of machines) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  if (counts.size === 0) return undefined;
  const items = [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([tag, count]) =>
        html`<li data-filter="${filterOf(tag)}"><span class="filter">@${tag} <span class="count">${count}</span></span></li>`,
    );
  return html`<ul class="filters" aria-label="Tags">${items}</ul>
`;
}

/** The word by which a tag is found; a tag may be any text. */
const filterOf = (tag: string) => `tag:${encodeURIComponent(tag)}`;

function groupView({ title, notes, machines }: MachineGroup, writtenAt: Date): Markup {
  return html`<div class="group">
<h3>${title} <span class="count">${counted(machines.length, 'machine')}</span>${notes.length > 0 ? html` <span class="notes">· ${notes.join(' · ')}</span>` : undefined}</h3>
<div class="tiles">
${machines.map((machine) => tile(machine, writtenAt))}</div></div>
`;
}

function tile(machine: ShownMachine, writtenAt: Date): Markup {
  const { name, tags, running } = machine;
  const found = marksOf(machine);
  const words = [...found, ...tags.map(filterOf)].join(' ');
  const badges =
    found.length > 0
      ? found.map((mark) => html`<span class="mark ${mark}">${marks[mark]}</span> `)
      : running
        ? html`<span class="mark fine">as desired</span>`
        : html`<span class="mark new">not deployed yet</span>`;
  const kernel = running?.kernel ? `kernel ${running.kernel}` : 'no kernel known';
  const generation = running?.generation ? `generation ${running.generation}` : '';
  return html`<details class="tile ${found[0] ?? 'fine'}" data-is="${words}">
<summary><span class="name">${name}</span> <span class="marks">${badges}</span> <span class="facts">${[kernel, generation].filter(Boolean).join(' · ')}</span>${tags.length > 0 ? html` <span class="tags">${tags.map((tag) => `@${tag}`).join(' ')}</span>` : undefined}</summary>
<div class="body">
${machine.description ? html`<p>${machine.description}</p>` : undefined}${planned(machine)}${unread(machine)}<dl>${rows(machine, writtenAt)}</dl>
${history(machine.deployments)}</div></details>
`;
}

function planned({ planned }: ShownMachine): Part {
  if (planned === undefined || planned.operation === 'same') return undefined;
  const items = planned.consequences.map((each) => html`<li>${each}</li>`);
  const title = {
    create: 'Pending: first deployment',
    update: 'Pending change',
    replace: 'Pending: replaced by another machine',
    delete: 'Pending: removed from the stack',
    import: 'Pending: adopted',
  }[planned.operation];
  return html`<div class="planned"><p><strong>${title}</strong> (<a href="#plan">all of it</a>)</p>${items.length > 0 ? html`<ul>${items}</ul>` : undefined}</div>`;
}

function unread({ unread }: ShownMachine): Part {
  if (unread === undefined) return undefined;
  const { code, what, why, fix } = unread;
  return html`<div class="problem"><p><strong>Cannot be read:</strong> ${what} [${code}]. What follows is from the state.</p>${why ? html`<pre>${why}</pre>` : undefined}${fix ? html`<p>fix: ${fix}</p>` : undefined}</div>`;
}

function rows(machine: ShownMachine, writtenAt: Date): Part {
  const { running, desired, facts, drift, deployedBy, revision } = machine;
  const row = (name: string, value: Part) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const path = (system: string) => (system === '' ? '–' : html`<code>${system}</code>`);
  const other = (system: string) =>
    system !== '' && system === running?.system ? 'the live system' : path(system);
  const ports = (protocol: 'tcp' | 'udp') =>
    Object.keys(facts?.firewall[protocol] ?? {}).map((port) => `${protocol} ${port}`);
  const open = facts?.firewall.enabled === false ? ['all, no firewall'] : [...ports('tcp'), ...ports('udp')];
  const nextKernel = facts?.kernel.version;
  const nixpkgs = facts && nixpkgsOf(facts.nixosLabel, writtenAt);
  const isOther = running && nextKernel && nextKernel !== 'host' && !running.kernel.startsWith(nextKernel);
  const state = running
    ? [
        row('live system', [
          path(running.system),
          running.specialisation ? html` (${running.specialisation})` : undefined,
        ]),
        row('activated', time(running.since)),
        row('booted system', other(running.booted)),
        row('next boot', other(running.next)),
        desired === running.system ? undefined : row('desired system', path(desired)),
        row('drift', drift || 'none'),
        row('generation', running.generation || '–'),
        row('kernel', [running.kernel || '–', isOther ? html`; ${nextKernel} is configured` : undefined]),
        row('reboot', running.rebootDue ? 'due' : 'not due'),
      ]
    : [row('desired system', path(desired))];
  return [
    state,
    deployedBy ? row('being deployed by', deployedBy) : undefined,
    revision ? row('flake revision', html`<code>${revision}</code>`) : undefined,
    facts && [
      row('NixOS', `${facts.nixosLabel}, state version ${facts.stateVersion}, ${facts.platform}`),
      nixpkgs ? row('nixpkgs', nixpkgs) : undefined,
      row('boot loader', facts.bootLoader),
      row('open ports', open.join(', ') || 'none'),
      row('services', servicesOf(facts.units).join(', ') || 'none'),
    ],
  ];
}

function servicesOf(units: Readonly<Record<string, string>>): string[] {
  return Object.entries(units)
    .filter(([unit, state]) => unit.endsWith('.service') && state.startsWith('enabled'))
    .map(([unit]) => unit.replace(/\.service$/, ''));
}

/** The machine's own time line, newest first. */
function history(deployments: readonly ShownDeployment[]): Part {
  if (deployments.length === 0) return undefined;
  const items = deployments.map((each) =>
    each.at === ''
      ? html`<li>${each.system}</li>`
      : html`<li class="${hasFailed(each) ? 'bad' : 'good'}">${time(each.at)} <strong>${resultOf(each)}</strong> ${shortSystem(each.system)} by ${each.by}${each.revision ? html`, revision <code>${each.revision}</code>` : undefined}</li>`,
  );
  return html`<h4>Latest deployments</h4><ol class="timeline">${items}</ol>`;
}

export function resultOf({ result, action }: Pick<ShownDeployment, 'result' | 'action'>): string {
  return action === 'switch' ? result : `${result} (${action})`;
}
