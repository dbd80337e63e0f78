import {
  buildersFile,
  type MachineBuilder,
  type MachineBuildersInputs,
} from '../../../schema/machine-builders.ts';
import { builderStore, builderUri, machineLine } from '../../store/builders/machine-line.ts';
import { limits, notUsable } from '../../store/builders/reachable.ts';
import { readAnswer } from '../../store/nix/ask-store.ts';
import { nixSshEnvironment } from '../../store/nix-environment.ts';
import { shellVariables } from '../ssh/quote.ts';
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

/** Shell lines by which the machine asks all builders at once, and says which its Nix goes by. Pure. */
export function askScript(builders: Readonly<Record<string, MachineBuilder>>): string {
  const asked = Object.entries(builders).map(
    ([name, builder]) =>
      shellVariables({ name, store: builderStore(builder), key: builder.identityFile }) + askOne,
  );
  const { NIX_SSHOPTS } = nixSshEnvironment(limits.connectSeconds);
  return `PATH=$PATH:/run/current-system/sw/bin:/usr/local/bin
${shellVariables({ NIX_SSHOPTS })}export NIX_SSHOPTS
nix="nix --extra-experimental-features nix-command"
{ $nix config show 2>/dev/null || $nix show-config; } | sed -n 's/^builders = /builders=/p'
answers=$(mktemp -d)
${asked.join('')}wait
cat "$answers"/*
rm -r "$answers"
`;
}

const askOne = `{
	timeout ${limits.answerSeconds} $nix store info --json --store "$store" >"$answers/$name.out" 2>"$answers/$name.err" </dev/null
	code=$?
	printf 'answer=%s %s %s %s %s\\n' "$name" "$code" "$(base64 -w0 "$answers/$name.out")" "$(base64 -w0 "$answers/$name.err")" \\
		"$(ssh-keygen -y -P '' -f "$key" 2>/dev/null | base64 -w0)" >"$answers/$name"
	rm "$answers/$name.out" "$answers/$name.err"
} &
`;

/** What keeps a machine from building with its builders now: builder to reason; and those that its Nix does not go by. */
export interface BuilderProblems {
  unusable: Record<string, string>;
  notInForce: string[];
}

/** Reads what `askScript` printed. Pure. */
export function problemsOf(
  builders: Readonly<Record<string, MachineBuilder>>,
  stdout: string,
): BuilderProblems {
  const answers = new Map(
    [...stdout.matchAll(/^answer=(\S+) (\d+) (\S*) (\S*) (\S*)$/gm)].map(([, name, ...rest]) => [name, rest]),
  );
  const inForce = /^builders=(.*)$/m.exec(stdout)?.[1] ?? '';
  const decode = (text = '') => Buffer.from(text, 'base64').toString();
  const unusable = Object.entries(builders).flatMap(([name, { user }]) => {
    const [code, out, err, key] = answers.get(name) ?? ['1'];
    const said = code === '124' ? `no answer within ${limits.answerSeconds} s` : decode(err);
    const why = notUsable(readAnswer(Number(code), decode(out), said), user);
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

/** Writes, reads or removes the file; see `workOnNixConf`. Whoever writes is told what keeps the builders from building. */
export async function workOnBuilders(
  mode: 'write' | 'read' | 'remove',
  inputs: MachineBuildersInputs,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfAnswer> {
  const { connection, host, builders } = inputs;
  const content = buildersFileText(inputs);
  const ask = mode === 'write' ? askScript(builders) : '';
  const file = { connection, host, path: buildersFile, content, ask, code: 'builder-failed' } as const;
  return await workOnNixConf(mode, file, machineId, signal);
}
