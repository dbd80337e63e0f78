import { diffArrays } from 'diff';

/** With more differing lines, the whole text is shown as replaced: a minimal diff would take seconds. */
const maxEdits = 2000;

/** A minimal diff in order: removed lines as "- …", added lines as "+ …". */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  const changes = diffArrays([...before], [...after], { maxEditLength: maxEdits });
  if (!changes) return [...before.map(removedLine), ...after.map(addedLine)];
  return changes.flatMap(({ added, removed, value }) => {
    if (removed) return value.map(removedLine);
    return added ? value.map(addedLine) : [];
  });
}

const removedLine = (line: string) => `- ${line}`;
const addedLine = (line: string) => `+ ${line}`;
