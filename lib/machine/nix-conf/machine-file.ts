import {
  buildersFile,
  type MachineBuilder,
  type MachineBuildersInputs,
} from '../../../schema/machine-builders.ts';
import { limits, whyUnusable } from '../../store/builders/find-usable.ts';
import { builderStore, builderUri, machineLine } from '../../store/builders/machine-line.ts';
import { parseStoreInfo } from '../../store/nix/store-info.ts';
import { nixSshEnvironment } from '../../store/nix-environment.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { type NixConfReport, runNixConfAction } from './nix-conf-file.ts';

/** The file's text. It keeps the builders of the machine's own configuration (/etc/nix/machines). */
export function buildersFileText({ builders }: Pick<MachineBuildersInputs, 'builders'>): string {
  const lines = Object.entries(builders)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, builder]) => machineLine(builder));
  return `# Written by nixos-fleet; nix.conf includes it.
builders = ${['@/etc/nix/machines', ...lines].join(' ; ')}
builders-use-substitutes = true
`;
}

const probeScript = scriptFile('./probe-builders.sh', import.meta.url);

/** Variables of probe-builders.sh. */
export function probeVariables(
  builders: Readonly<Record<string, MachineBuilder>>,
): Record<'builders' | 'limit' | 'NIX_SSHOPTS', string> {
  const lines = Object.entries(builders).map(([name, builder]) =>
    [name, builderStore(builder), builder.identityFile].join('\t'),
  );
  return {
    builders: lines.join('\n'),
    limit: String(limits.answerSeconds),
    ...nixSshEnvironment(limits.connectSeconds),
  };
}

/** Builders that a machine cannot use. */
export interface BuilderProblems {
  /** Reason by builder. */
  unusable: Record<string, string>;
  /** Builders that the machine's Nix is not configured to use. */
  notInForce: string[];
}

/** Reads the reply of probe-builders.sh. */
export function builderProblems(
  builders: Readonly<Record<string, MachineBuilder>>,
  reply: Reply,
): BuilderProblems {
  const answers = new Map(
    reply.list('answer').map((line) => {
      const [name, ...rest] = line.split(' ');
      return [name, rest];
    }),
  );
  const inForce = reply.text('builders');
  const decode = (text = '') => Buffer.from(text, 'base64').toString();
  const unusable = Object.entries(builders).flatMap(([name, { user }]) => {
    const [code, out, err, key] = answers.get(name) ?? ['1'];
    const message = code === '124' ? `no answer within ${limits.answerSeconds} s` : decode(err);
    const why = whyUnusable(parseStoreInfo(Number(code), decode(out), message), user);
    if (why === undefined) return [];
    const publicKey = decode(key).trim();
    const login = /permission denied/i.test(why) && publicKey ? `; its key there is: ${publicKey}` : '';
    return [[name, why + login]];
  });
  return {
    unusable: Object.fromEntries(unusable),
    notInForce: Object.keys(builders).filter(
      (name) => !inForce.includes(builderUri(builders[name] as MachineBuilder)),
    ),
  };
}

/** Writes, reads or removes the file; see `runNixConfAction`. After a write, `builderProblems` parses the reply. */
export async function runBuildersAction(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  inputs: Pick<MachineBuildersInputs, 'builders'>,
  ownership: Ownership,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfReport> {
  const { builders } = inputs;
  const content = buildersFileText(inputs);
  const probe =
    action === 'write' ? { followUp: probeScript, variables: probeVariables(builders) } : { followUp: '' };
  const file = { path: buildersFile, content, code: 'builder-failed', ...probe } as const;
  return await runNixConfAction(machine, action, file, ownership, machineId, signal);
}
