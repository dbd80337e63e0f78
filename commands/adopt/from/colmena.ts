import * as z from 'zod';
import { type Converted, Draft, fitting } from './draft.ts';
import { setSshWords } from './ssh-words.ts';

const key = z.object({
  text: z.string().nullable(),
  keyFile: z.string().nullable(),
  keyCommand: z.array(z.string()).nullable(),
  path: z.string(),
  user: z.string(),
  group: z.string(),
  permissions: z.string(),
  uploadAt: z.string(),
});

const node = z.object({
  targetHost: z.string().nullable(),
  targetPort: z.number().nullable(),
  targetUser: z.string().nullable(),
  allowLocalDeployment: z.boolean(),
  buildOnTarget: z.boolean(),
  tags: z.array(z.string()),
  replaceUnknownProfiles: z.boolean(),
  privilegeEscalationCommand: z.array(z.string()),
  sshOptions: z.array(z.string()),
  keys: z.record(z.string(), key),
});
type Node = z.output<typeof node>;

/** What nix/adopt/colmena.nix returns. */
export const hive = z.object({
  nodes: z.record(z.string(), node),
  machinesFile: z.string().nullable(),
  output: z.enum(['colmena', 'colmenaHive']),
  configurations: z.array(z.string()),
});

/** Where files of the flake are on this computer, which Nix names in its store. */
export type LocalFile = (path: string) => string | undefined;

/** The config of a colmena hive's nodes. */
export function fromColmena(
  { nodes, machinesFile, output, configurations }: z.output<typeof hive>,
  localFile: LocalFile,
): Converted {
  const values: Converted['values'] = [];
  const drafts: Record<string, Draft> = {};
  for (const [host, given] of Object.entries(nodes)) {
    const draft = new Draft();
    drafts[host] = draft;
    setConnection(draft, host, given);
    setDeployment(draft, given);
    values.push(...setKeys(draft, host, given, localFile));
  }
  const { hosts, left } = fitting(drafts);
  const missing = Object.keys(nodes).filter((name) => !configurations.includes(name));
  if (missing.length > 0)
    left.push({ what: `nixosConfigurations lacks ${missing.join(', ')}: ${additionFor(output)}` });
  if (machinesFile !== null)
    left.push({
      what: `meta.machinesFile ${machinesFile}: declare these machines under builders (docs/builders.md)`,
    });
  return { hosts, values: values.filter(({ path: [host = ''] }) => hosts[host]), left };
}

/** What the flake needs so that a host's configuration is found. */
function additionFor(output: 'colmena' | 'colmenaHive'): string {
  return output === 'colmenaHive'
    ? 'add to its outputs: nixosConfigurations = self.colmenaHive.nodes;'
    : 'add colmena’s flake as an input, and to the outputs: nixosConfigurations = (colmena.lib.makeHive self.colmena).nodes;';
}

function setConnection(draft: Draft, host: string, given: Node): void {
  const { targetHost, targetPort, targetUser } = given;
  if (targetHost === null)
    draft.leave(
      'deployment.targetHost is null: set an address, or on the machine itself local: true in a stack of its own',
    );
  else if (targetHost !== host) draft.set('address', targetHost);
  draft.set('port', targetPort);
  if (targetUser === null) draft.leave('deployment.targetUser is null: set user; without it, it is root');
  else if (targetUser !== 'root') draft.set('user', targetUser);
  if (targetUser !== null && targetUser !== 'root') setBecome(draft, given.privilegeEscalationCommand);
  setSshWords(draft, given.sshOptions, 'deployment.sshOptions');
}

function setBecome(draft: Draft, command: readonly string[]): void {
  const [program = ''] = command;
  const name = program.replace(/^.*\//, '');
  if (name === 'doas' || name === 'run0') draft.set('become', name);
  else if (name !== 'sudo')
    draft.leave(`deployment.privilegeEscalationCommand ${command.join(' ')}: become is sudo, doas or run0`);
}

function setDeployment(draft: Draft, given: Node): void {
  if (given.tags.length > 0) draft.set('tags', given.tags);
  if (!given.replaceUnknownProfiles) draft.set('onDrift', 'fail');
  if (given.buildOnTarget)
    draft.leave('deployment.buildOnTarget: systems are built here or on builders (docs/builders.md)');
  if (given.allowLocalDeployment && given.targetHost !== null)
    draft.leave('deployment.allowLocalDeployment: a stack on the machine itself sets local: true for it');
}

/** Sets the secrets; returns those whose value has to be encrypted. */
function setKeys(draft: Draft, host: string, { keys }: Node, localFile: LocalFile): Converted['values'] {
  const secrets: Record<string, Record<string, unknown>> = {};
  const values: Converted['values'] = [];
  for (const [name, given] of Object.entries(keys)) {
    const { user, group, permissions, path, text, keyFile, keyCommand } = given;
    const file = keyFile === null ? undefined : localFile(keyFile);
    if (keyFile !== null && file === undefined) {
      draft.leave(
        `deployment.keys.${name}.keyFile ${keyFile}: is in the Nix store; name the file outside of it`,
      );
      continue;
    }
    if (text === '') {
      draft.leave(`deployment.keys.${name}.text: is empty, which a secret must not be`);
      continue;
    }
    secrets[name] = {
      ...(text === null ? {} : { value: text }),
      ...(file === undefined ? {} : { file }),
      ...(keyCommand === null ? {} : { command: keyCommand }),
      ...(path === `/run/keys/${name}` ? {} : { path }),
      ...(user === 'root' ? {} : { owner: user }),
      ...(group === 'root' ? {} : { group }),
      mode: permissions.padStart(4, '0'),
      ...(given.uploadAt === 'post-activation' ? { when: 'after' } : {}),
    };
    if (text !== null) values.push({ path: [host, 'secrets', name, 'value'], value: text });
  }
  if (Object.keys(secrets).length > 0) draft.set('secrets', secrets);
  return values;
}
