import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Commands of a guide that are run together, and what it shows that they print. */
export interface GuideStep {
  commands: string;
  shown: string[];
}

/** The blocks `sh` of a page, each with the block `text` that comes next. */
export function guideSteps(file: string): GuideStep[] {
  const steps: GuideStep[] = [];
  for (const [, kind, text = ''] of readFileSync(file, 'utf8').matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)) {
    if (kind === 'sh') steps.push({ commands: text, shown: [] });
    else steps.at(-1)?.shown.push(...text.trimEnd().split('\n'));
  }
  return steps;
}

/** Asserts that the lines of a guide are among those that were printed, in their order; `…` stands for anything. */
export function assertShown({ commands, shown }: GuideStep, printed: string): void {
  const rest = printed.split('\n').map((line) => line.trim());
  for (const line of shown.filter((each) => each.trim() !== '…')) {
    const words = line
      .trim()
      .split(/ +/)
      .map((word) => word.split('…').map(escaped).join('.*'));
    const pattern = new RegExp(`^${words.join(' +')}$`);
    const at = rest.findIndex((each) => pattern.test(each));
    assert.notEqual(at, -1, `the guide shows "${line}", which was not printed after ${commands}${printed}`);
    rest.splice(0, at + 1);
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
