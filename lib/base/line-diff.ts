import { diffArrays } from 'diff';

/** Above this many lines that differ, a text is shown as replaced whole: finding the fewest would take seconds. */
const mostEdits = 2000;

/** Lines of `before` that are gone ("- …") and lines of `after` that are new ("+ …"), in order; as few as possible. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  const changes = diffArrays([...before], [...after], { maxEditLength: mostEdits });
  if (!changes) return [...before.map(removedLine), ...after.map(addedLine)];
  return changes.flatMap(({ added, removed, value }) => {
    if (removed) return value.map(removedLine);
    return added ? value.map(addedLine) : [];
  });
}

const removedLine = (line: string) => `- ${line}`;
const addedLine = (line: string) => `+ ${line}`;
