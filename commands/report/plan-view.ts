import { formatNames } from '../../lib/base/name-ranges.ts';
import { counted } from '../../lib/base/text.ts';
import type { Group } from '../fleet/equal-lines.ts';
import { html, type Markup, type Part } from './html.ts';
import type { ShownPlan } from './plan.ts';
import { machineNames, section, table } from './view-parts.ts';

/** Most lines below `every line`; the display of `npm run fleet` has the others. */
const mostLines = 1500;

/** The pending change: equal changes of machines once, then kernels and other resources. */
export function planView(plan: ShownPlan): Markup {
  const { headline, work, groups, inputs, resources, errors, warnings, notes } = plan;
  return section(
    'plan',
    'Pending change',
    html`<p class="lead">${[headline, ...work].join('; ')}.</p>
`,
    inputs ? html`<p class="sentence">${inputs}.</p>` : undefined,
    messages('Errors', 'problem', errors),
    messages('Warnings', 'warning', warnings),
    groups.length > 0 ? html`<div class="changes">${groups.map(groupView)}</div>` : undefined,
    kernels(plan),
    resources.length > 0
      ? html`<h3>Other resources</h3><ul class="lines">${resources.map((each) => html`<li class="searched">${each}</li>`)}</ul>`
      : undefined,
    messages('Notes', 'note', notes),
    everyLine(plan.whole),
  );
}

function groupView({ names, items }: Group): Markup {
  const alone = items.filter(({ list }) => list === '').map(({ text }) => html`<li>${text}</li>`);
  const lists = new Map<string, string[]>();
  for (const { list, text } of items) if (list !== '') lists.set(list, [...(lists.get(list) ?? []), text]);
  return html`<article class="shared searched"><h3>${machineNames(names)}</h3>
<ul>${alone}${[...lists].map(([list, texts]) => html`<li>${list} ${chips(texts)}</li>`)}</ul></article>
`;
}

function chips(texts: readonly string[]): Part {
  const chip = (text: string) => html`<code>${text}</code> `;
  if (texts.length <= 12) return texts.map(chip);
  return html`${texts.slice(0, 10).map(chip)}<details class="more"><summary>${texts.length - 10} more</summary>${texts.slice(10).map(chip)}</details>`;
}

function kernels({ kernels }: ShownPlan): Part {
  if (kernels.length === 0) return undefined;
  const rows = kernels.flatMap(({ name, symbols }) =>
    symbols.map(
      ({ symbol, before, after }) =>
        html`<tr class="searched"><th scope="row"><code>${symbol}</code></th><td><code>${before || '–'}</code></td><td><code>${after || '–'}</code></td><td>${name}</td></tr>
`,
    ),
  );
  const others = kernels.map(({ name, machines, others, symbols }) => {
    const built = others.length + symbols.length === 0 ? ['is built again'] : [];
    const what = [
      ...built,
      ...(symbols.length > 0 ? [`${counted(symbols.length, 'symbol')} below`] : []),
      ...others,
    ];
    return html`<li class="searched"><strong>${name}</strong>: ${what.join('; ')}${machineNames(machines)}</li>`;
  });
  return html`<h3>Kernels</h3>
<ul class="lines">${others}</ul>
${rows.length > 0 ? table('Symbols that change', ['symbol', 'before', 'after', 'kernel'], rows) : undefined}`;
}

function messages(title: string, kind: string, all: ShownPlan['notes']): Part {
  if (all.length === 0) return undefined;
  const items = all.map(
    ({ names, text }) =>
      html`<li class="searched">${names.join('') === '' ? undefined : html`<strong>${formatNames(names, 12)}</strong> `}<span class="text">${text}</span></li>`,
  );
  return html`<div class="${kind}"><h3>${title}</h3><ul>${items}</ul></div>
`;
}

/** All changed lines, also of texts and packages, folded. */
function everyLine(groups: readonly Group[]): Part {
  if (groups.length === 0) return undefined;
  let left = mostLines;
  const parts = groups.map(({ names, items }) => {
    const lines = items.flatMap(({ text }) => text.split('\n'));
    const shown = lines.slice(0, Math.max(0, left));
    left -= lines.length;
    return shown.length > 0 ? html`<h4>${formatNames(names)}</h4><pre>${shown.join('\n')}</pre>` : undefined;
  });
  const more =
    left < 0 ? html`<p>… and ${-left} more lines: npm run fleet -- preview --details</p>` : undefined;
  return html`<details class="every"><summary>Every line of the change</summary>${parts}${more}</details>
`;
}
