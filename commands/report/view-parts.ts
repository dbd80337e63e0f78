import { formatNames } from '../../lib/base/name-ranges.ts';
import { counted } from '../../lib/base/text.ts';
import { minuteOf } from './deployments.ts';
import { html, type Markup, type Part } from './html.ts';

/** A time, to the minute. */
export function time(iso: string): Markup {
  return iso === '' ? html`–` : html`<time datetime="${iso}">${minuteOf(iso)}</time>`;
}

/** Names of machines as ranges; where these hide some, all names are below. */
export function machineNames(names: readonly string[]): Markup {
  const short = formatNames(names, 12);
  if (names.length < 3 || short === names.join(', ')) return html`${short}`;
  return html`<details class="names"><summary>${short} <span class="count">${counted(names.length, 'machine')}</span></summary>${names.join(', ')}</details>`;
}

/** A table that scrolls by itself where it is too wide. */
export function table(label: string, header: readonly string[], rows: readonly Part[]): Markup {
  const cells = header.map((each) => html`<th scope="col">${each}</th>`);
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${cells}</tr></thead>
<tbody>
${rows}</tbody></table></div>
`;
}

export function section(id: string, title: string, ...parts: readonly Part[]): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${parts}</section>
`;
}
