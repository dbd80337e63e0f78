import {
  type DeploymentRun,
  deploymentRuns,
  hasFailed,
  minuteOf,
  type ShownDeployment,
} from './deployments.ts';
import type { ShownFleet, ShownMachine } from './fleet.ts';
import { html, type Markup, type Part } from './html.ts';
import { resultOf } from './machines-view.ts';
import { machineNames, section, table, time } from './view-parts.ts';

/** Deployments over time: a picture, and a table of the runs. */
export function deploymentsView(fleet: ShownFleet): Markup {
  const all = fleet.machines.flatMap(({ name, deployments }) =>
    deployments.map((deployment) => ({ machine: name, deployment })),
  );
  const runs = deploymentRuns(all);
  if (runs.length === 0)
    return section('deployments', 'Deployments', html`<p>The state has no deployments yet.</p>`);
  const rows = runs.map((run) => {
    const result = hasFailed({ ...run, system: '' }) ? 'mark failed' : 'mark fine';
    return html`<tr class="searched"><td>${ended(run)}</td><td>${machineNames(run.machines)}</td><td>${run.by}</td><td><code>${run.revision || '–'}</code></td><td><span class="${result}">${resultOf(run)}</span></td></tr>
`;
  });
  return section(
    'deployments',
    'Deployments',
    html`<p class="hint">The latest of each machine, as it keeps them itself, by anyone.</p>
`,
    timeline(fleet),
    table('Table of deployments', ['ended', 'machines', 'by', 'revision', 'result'], rows),
  );
}

/** The minutes between the first and the last one. */
function ended({ at, until }: DeploymentRun): Markup {
  const [first, last] = [minuteOf(at), minuteOf(until)];
  if (first === last) return time(until);
  const isSameDay = first.slice(0, 10) === last.slice(0, 10);
  return html`<time datetime="${until}">${isSameDay ? `${first.slice(0, 16)}–${last.slice(11)}` : `${first} – ${last}`}</time>`;
}

/** Height of a group's title and of a machine's row in the picture. */
const [titleHeight, axisHeight] = [22, 24];

/** A dot for each deployment: time from left to right, a row for each machine. */
function timeline({ groups, machines }: ShownFleet): Part {
  const times = machines
    .flatMap(({ deployments }) => deployments.map(({ at }) => Date.parse(at)))
    .filter(Number.isFinite);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const across = (at: number) =>
    `${(last > first ? 1.5 + (97 * (at - first)) / (last - first) : 50).toFixed(2)}%`;
  const rowHeight = machines.length > 60 ? 5 : machines.length > 30 ? 8 : 14;
  const parts: Part[] = [];
  let y = 0;
  for (const { title, machines: members } of groups) {
    parts.push(html`<text x="0" y="${y + 15}">${title}</text>`);
    y += titleHeight;
    for (const machine of members) {
      parts.push(marksOfRow(machine, { y: y + rowHeight / 2, radius: rowHeight > 5 ? 3 : 2.2 }, across));
      y += rowHeight;
    }
  }
  const label = `Deployments of ${machines.length} machines from ${minuteOf(new Date(first).toISOString())} to ${minuteOf(new Date(last).toISOString())}; the table below has them all.`;
  return html`<figure><svg class="chart" role="img" aria-label="${label}" width="100%" height="${y + axisHeight}">
${axis(first, last, y, across)}${parts}</svg>
<figcaption><span class="good">●</span> confirmed <span class="bad">✕</span> not confirmed. One row a machine.</figcaption></figure>
`;
}

interface Row {
  y: number;
  radius: number;
}

function marksOfRow(machine: ShownMachine, { y, radius }: Row, across: (at: number) => string): Part {
  return machine.deployments
    .filter(({ at }) => at !== '')
    .map((each) => {
      const title = html`<title>${machine.name}: ${describe(each)}</title>`;
      const x = across(Date.parse(each.at));
      return hasFailed(each)
        ? html`<text class="bad" x="${x}" y="${y + 5}" text-anchor="middle">✕${title}</text>
`
        : html`<circle cx="${x}" cy="${y}" r="${radius}">${title}</circle>
`;
    });
}

function describe({ at, by, result }: ShownDeployment): string {
  return `${minuteOf(at)}, ${result}, by ${by}`;
}

function axis(first: number, last: number, height: number, across: (at: number) => string): Part {
  const ticks = first === last ? [first] : [first, (first + last) / 2, last];
  // Within two days the day alone says little.
  const shownAt = (at: number) => {
    const minute = minuteOf(new Date(at).toISOString());
    return last - first < 2 * 86_400_000 ? minute.replace(' UTC', '') : minute.slice(0, 10);
  };
  const anchors = first === last ? ['middle'] : ['start', 'middle', 'end'];
  return ticks.map((at, index) => {
    const x = across(at);
    return html`<line x1="${x}" x2="${x}" y1="0" y2="${height + 4}"/><text x="${x}" y="${height + 18}" text-anchor="${anchors[index]}">${shownAt(at)}</text>
`;
  });
}
