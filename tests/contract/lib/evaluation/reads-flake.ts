import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mapValues } from '../../../../lib/base/map-values.ts';
import { run } from '../../../../lib/base/process/run.ts';
import { condenseFleet } from '../../../../lib/evaluation/condense-fleet.ts';
import { evaluateFleet, type FleetRequest } from '../../../../lib/evaluation/evaluate-fleet.ts';
import { evaluateTargets } from '../../../../lib/evaluation/evaluate-targets.ts';
import { factsExpression } from '../../../../lib/evaluation/facts-expression.ts';
import { readTree, type Tree } from '../../../../lib/evaluation/reads/tree.ts';
import { type LockedFlake, lockFlake } from '../../../../lib/store/nix/flake.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

/** Text of a flake whose hosts' systems contain the texts of Nix expressions. */
export function flakeOf(hosts: Readonly<Record<string, string>>, more = ''): string {
  const lines = Object.entries(hosts).map(([name, text]) => `      ${name} = host "${name}" (${text});`);
  return `{
  ${more}
  outputs = inputs: let
    inherit (inputs) self;
    host = name: text: {
      pkgs.stdenv.hostPlatform.system = "x86_64-linux";
      config.boot.isContainer = true;
      config.system.build.toplevel = derivation {
        inherit name text;
        system = "x86_64-linux";
        builder = "/bin/sh";
      };
    };
  in {
    nixosConfigurations = {
${lines.join('\n')}
    };
  };
}
`;
}

/** A small flake, mostly in a Git work tree, that is edited and evaluated again. */
export class ReadsFlake {
  readonly folder: string;
  readonly #request: FleetRequest;
  #commits = 0;

  private constructor(folder: string, request: Partial<FleetRequest> & Pick<FleetRequest, 'hosts'>) {
    this.folder = folder;
    this.#request = { flake: folder, baseDirectory: folder, ...request };
  }

  static async make(
    files: Readonly<Record<string, string>>,
    hosts: readonly string[],
    { git = true, ...request }: Partial<FleetRequest> & { git?: boolean } = {},
  ): Promise<ReadsFlake> {
    const folder = join(await ownFolder(), 'flake');
    const own = { hosts: Object.fromEntries(hosts.map((name) => [name, name])) };
    const flake = new ReadsFlake(folder, { ...(git ? {} : { flake: `path:${folder}` }), ...own, ...request });
    for (const [path, text] of Object.entries(files)) flake.write(path, text);
    if (git) {
      await flake.git('init', '--quiet');
      await flake.commit();
    }
    return flake;
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  async git(...args: string[]): Promise<void> {
    await run('git', [...this.#gitOptions(), ...args], { timeoutSeconds: 30 });
  }

  /** Commits all changes, each time a minute later: Git counts in seconds, and two commits may fall into one. */
  async commit(): Promise<void> {
    await this.git('add', '--all');
    const date = new Date(Date.UTC(2026, 0, 1, 0, this.#commits++)).toISOString();
    const command = ['commit', '--quiet', '--allow-empty', '--message', 'x'];
    await run('git', [...this.#gitOptions(), ...command], {
      env: { GIT_COMMITTER_DATE: date },
      timeoutSeconds: 30,
    });
  }

  #gitOptions(): string[] {
    const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    return ['-C', this.folder, ...author, '-c', 'commit.gpgsign=false'];
  }

  /** Evaluates with the cache, and requires the results of an evaluation that knows nothing of it. Returns why it evaluated what. */
  async evaluate(more: Partial<FleetRequest> = {}): Promise<string> {
    const found = await evaluateFleet({ ...this.#request, ...more });
    const hosts = mapValues(found.hosts, (host) =>
      host.ok ? { drvPath: host.drvPath, facts: host.facts } : host.error.why,
    );
    assert.deepEqual(asRecorded(hosts), asRecorded(await this.#cold()));
    return found.explanation ?? (found.fromCache ? 'nothing evaluated' : 'all evaluated');
  }

  async lock(): Promise<LockedFlake> {
    return await lockFlake(this.#request);
  }

  /** The files that each host reads first, in the order of their names, by one observed evaluation. */
  async observe(): Promise<Record<string, string[]>> {
    const flake = await this.lock();
    const tree = await readTree(flake);
    assert.ok(tree);
    const { reads } = await this.#evaluateTargets(flake, tree);
    return Object.fromEntries(
      [...reads].map(([name, { files }]) => [
        name,
        [...files].flatMap(([path, first]) => (first && path !== tree.flakeFile ? [path] : [])).sort(),
      ]),
    );
  }

  async #evaluateTargets(flake: LockedFlake, tree?: Tree) {
    return await evaluateTargets({
      flake,
      tree,
      expression: factsExpression().text,
      targets: mapValues(this.#request.hosts, (configuration) => ({ configuration })),
      resources: { memoryMiB: 4000, workers: 1 },
    });
  }

  async #cold() {
    const raw = await this.#evaluateTargets(await this.lock());
    const { hosts } = await condenseFleet(raw);
    return mapValues(this.#request.hosts, (_, name) => {
      const host = hosts.get(name);
      return host ? { drvPath: host.drvPath, facts: host.facts } : raw.errors.get(name)?.why;
    });
  }
}

/** As the cache keeps it: without the keys that have no value. */
function asRecorded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
