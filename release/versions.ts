/** The version is package.json's; what repeats it is set by `npm version`, and checked before a release. */

export interface Versions {
  /** package.json's. */
  version: string;
  /** package-lock.json's. */
  lock: string;
  /** What each template's package.json depends on, by file. */
  templates: Readonly<Record<string, string>>;
  changelog: string;
}

/** Why this tag cannot be released; empty if it can. Without a tag, what contradicts itself. */
export function releaseProblems(
  { version, lock, templates, changelog }: Versions,
  tag: string | undefined,
): string[] {
  const problems: string[] = [];
  if (lock !== version) problems.push(`package-lock.json has version ${lock}, package.json ${version}`);
  for (const [file, range] of Object.entries(templates))
    if (range !== `^${version}`) problems.push(`${file} depends on ${range}, not on ^${version}`);
  if (tag === undefined) return problems;
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, the version of package.json ${version}`);
  if (!changelogSection(changelog, version)) problems.push(`CHANGELOG.md has no section ${version}`);
  else if (changelogSection(changelog, 'Unreleased'))
    problems.push(`CHANGELOG.md has unreleased changes above those of ${version}`);
  return problems;
}

/** The text below a version's heading; undefined without the heading. */
export function changelogSection(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  return section?.replace(/^.*\n/, '').trim();
}

/** The changelog in which the unreleased changes are those of a version. @param date such as 2026-11-29 */
export function releasedChangelog(changelog: string, version: string, date: string): string {
  return changelog.replace(/^## Unreleased$/m, `## ${version} (${date})`);
}
