/** Where the project is kept. It names no place in its sources: a CI service tells it to the job that makes a release. */
export interface Addresses {
  homepage: string;
  repository: { type: 'git'; url: string };
  bugs: { url: string };
}

/** The addresses by the variables of GitHub's and GitLab's jobs; undefined elsewhere. */
export function addressesOf(env: Readonly<Record<string, string | undefined>>): Addresses | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, CI_PROJECT_URL } = env;
  const page =
    GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : CI_PROJECT_URL;
  if (!page) return undefined;
  const issues = CI_PROJECT_URL && page === CI_PROJECT_URL ? '/-/issues' : '/issues';
  return {
    homepage: `${page}#readme`,
    repository: { type: 'git', url: `git+${page}.git` },
    bugs: { url: `${page}${issues}` },
  };
}
