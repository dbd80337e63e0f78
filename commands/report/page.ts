import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { minuteOf } from './deployments.ts';
import { deploymentsView } from './deployments-view.ts';
import { type Mark, marks, marksOf, type ShownFleet } from './fleet.ts';
import { html, Markup } from './html.ts';
import { kernelsView } from './kernels-view.ts';
import { machinesView } from './machines-view.ts';
import { planView } from './plan-view.ts';

/** The whole page: one file that loads nothing and sends nothing. */
export function page(fleet: ShownFleet): string {
  const { stack, project, plan, machines } = fleet;
  const style = ['page', 'machines', 'parts'].map((name) => ownFile(`style/${name}.css`)).join('');
  const script = ownFile('browser.js');
  // Nothing else runs or is loaded, whatever a machine, an event or a state holds.
  const policy = `default-src 'none'; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`;
  const kernels = kernelsView(fleet);
  const links = [
    ...(plan ? [['plan', 'Pending change']] : []),
    ['machines', 'Machines'],
    ['deployments', 'Deployments'],
    ...(kernels ? [['kernels', 'Kernels']] : []),
  ].map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${stack} – fleet of ${machines.length} machines</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<div class="title"><h1>${stack} <span class="project">${project}</span></h1>
<p>${sourceOf(fleet)}</p></div>
<div class="tools">
<label class="search">Search <input type="search" id="search" placeholder="machine, unit, package, symbol" autocomplete="off" spellcheck="false" aria-describedby="found"><kbd>/</kbd></label>
<button type="button" id="open">Open all</button>
<button type="button" id="theme">Theme: system</button>
</div>
<nav aria-label="Parts of the report"><ul>${links}</ul></nav>
</header>
<main id="main" tabindex="-1">
<p id="found" role="status"></p>
${overview(fleet)}${plan && planView(plan)}${machinesView(fleet)}${deploymentsView(fleet)}${kernels}</main>
<footer><p>A file of its own: it loads nothing and sends nothing. Connections, settings and secrets of the stack are not in it. <code>npm run report</code> writes it again.</p></footer>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

function ownFile(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function sourceOf({ isLive, writtenAt, plan, stack }: ShownFleet): string {
  const at = minuteOf(writtenAt.toISOString());
  const source = isLive ? `Read from the machines at ${at}` : `As the state recorded it, written ${at}`;
  const of =
    plan?.stack !== undefined && plan.stack !== stack ? ` The plan is of the stack ${plan.stack}.` : '';
  return `${source}.${of}`;
}

/** Counts; with the script, each filters the machines. */
function overview({ machines, isLive }: ShownFleet): Markup {
  const counts = new Map<Mark, number>();
  for (const machine of machines)
    for (const mark of marksOf(machine)) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  const always: readonly Mark[] = isLive
    ? ['unread', 'failed', 'drift', 'reboot']
    : ['failed', 'drift', 'reboot'];
  const shown = (Object.keys(marks) as Mark[]).filter((mark) => counts.has(mark) || always.includes(mark));
  const items = shown.map(
    (mark) =>
      html`<li class="${mark} ${counts.has(mark) ? 'some' : 'none'}" data-filter="${mark}"><span class="filter"><strong>${counts.get(mark) ?? 0}</strong> ${marks[mark]}</span></li>
`,
  );
  return html`<section aria-labelledby="overview-title"><h2 id="overview-title" class="hidden">Overview</h2>
<ul class="overview filters"><li class="all" data-filter=""><span class="filter"><strong>${machines.length}</strong> ${machines.length === 1 ? 'machine' : 'machines'}</span></li>
${items}</ul></section>
`;
}
