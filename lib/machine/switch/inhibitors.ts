/** Names of the switch inhibitors that differ between two systems' switch-inhibitors files. */
export function changedInhibitors(oldJson: string, newJson: string): string[] {
  const before = parse(oldJson);
  const after = parse(newJson);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return value !== null && typeof value === 'object' ? { ...value } : {};
  } catch {
    return {};
  }
}
