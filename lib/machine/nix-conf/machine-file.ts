import {
  buildersFile,
  type MachineBuilder,
  type MachineBuildersInputs,
} from '../../../schema/machine-builders.ts';
import { limits, whyUnusable } from '../../store/builders/find-usable.ts';
import { builderStore, builderUri, machineLine } from '../../store/builders/machine-line.ts';
import { parseStoreInfo } from '../../store/nix/store-info.ts';
import { nixSshEnvironment } from '../../store/nix-environment.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { type NixConfAnswer, workOnNixConf } from './nix-conf-file.ts';

/** What the file says, in nix.conf's words. Builders of the machine's own configuration stay. Pure. */
export function buildersFileText({ builders }: Pick<MachineBuildersInputs, 'builders'>): string {
  const lines = Object.entries(builders)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, builder]) => machineLine(builder));
  return `# Written by nixos-fleet; nix.conf includes it.
builders = ${['@/etc/nix/machines', ...lines].join(' ; ')}
builders-use-substitutes = true
`;
}

const askScript = scriptFile('./ask-builders.sh', import.meta.url);

/** Variables of ask-builders.sh. */
export function askVariables(
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

/** What keeps a machine from building with its builders now: builder to reason; and those that its Nix does not use. */
export interface BuilderProblems {
  unusable: Record<string, string>;
  notInForce: string[];
}

/** Reads the reply of ask-builders.sh. */
export function problemsOf(
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
    const said = code === '124' ? `no answer within ${limits.answerSeconds} s` : decode(err);
    const why = whyUnusable(parseStoreInfo(Number(code), decode(out), said), user);
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

/** Writes, reads or removes the file; see `workOnNixConf`. After writing, `problemsOf` reads from the reply what keeps the builders from building. */
export async function workOnBuilders(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  inputs: Pick<MachineBuildersInputs, 'builders'>,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfAnswer> {
  const { builders } = inputs;
  const content = buildersFileText(inputs);
  const ask = action === 'write' ? { ask: askScript, variables: askVariables(builders) } : { ask: '' };
  const file = { path: buildersFile, content, code: 'builder-failed', ...ask } as const;
  return await workOnNixConf(machine, action, file, machineId, signal);
}
