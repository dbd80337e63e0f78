import * as z from 'zod';
import { type Converted, Draft, fitting } from './draft.ts';
import { setSshWords } from './ssh-words.ts';

const settings = z.object({
  sshUser: z.string().optional(),
  user: z.string().optional(),
  sudo: z.string().optional(),
  interactiveSudo: z.boolean().optional(),
  sshOpts: z.array(z.string()).optional(),
  fastConnection: z.boolean().optional(),
  autoRollback: z.boolean().optional(),
  magicRollback: z.boolean().optional(),
  confirmTimeout: z.number().optional(),
  activationTimeout: z.number().optional(),
  tempPath: z.string().optional(),
  remoteBuild: z.boolean().optional(),
});
type Settings = z.output<typeof settings>;

const profile = settings.extend({
  profilePath: z.string().nullable(),
  configurations: z.array(z.string()),
});

/** What nix/adopt/deploy-rs.nix returns. */
export const deployOutput = z.object({
  settings,
  nodes: z.record(
    z.string(),
    settings.extend({ hostname: z.string(), profiles: z.record(z.string(), profile) }),
  ),
});

/** The config of the nodes in a flake's output `deploy`. @param me name of the user who deploys */
export function fromDeployRs(
  { settings: shared, nodes }: z.output<typeof deployOutput>,
  me: string,
): Converted {
  const drafts: Record<string, Draft> = {};
  const without: Converted['left'] = [];
  for (const [host, node] of Object.entries(nodes)) {
    const { system, ...others } = node.profiles;
    if (!system) {
      without.push({ host, what: 'the whole node: it has no profile named system, so no NixOS' });
      continue;
    }
    const draft = new Draft();
    drafts[host] = draft;
    if (node.hostname !== host) draft.set('address', node.hostname);
    setConfiguration(draft, host, system);
    const given: Settings = {
      ...shared,
      ...node,
      ...system,
      // Of these, each level adds its own.
      sshOpts: [system, node, shared].flatMap(({ sshOpts = [] }) => sshOpts),
    };
    setUser(draft, given, me);
    setSshWords(draft, given.sshOpts ?? [], 'sshOpts');
    setDeployment(draft, given);
    for (const other of Object.keys(others))
      draft.leave(
        `the profile ${other}: only whole NixOS systems are deployed; deploy it by commands after the system, or within NixOS`,
      );
  }
  const { hosts, left } = fitting(drafts);
  return { hosts, values: [], left: [...without, ...left] };
}

function setConfiguration(
  draft: Draft,
  host: string,
  { configurations, profilePath }: z.output<typeof profile>,
): void {
  const [first, ...rest] = configurations;
  if (first === undefined || rest.length > 0)
    draft.leave(
      `its configuration: ${first === undefined ? `nixosConfigurations has no ${host}, and none with the name of its system` : `${configurations.join(', ')} have the name of its system`}; set configuration`,
    );
  else if (first !== host) draft.set('configuration', first);
  const [, name] = /^\/nix\/var\/nix\/profiles\/system-profiles\/([^/]+)$/.exec(profilePath ?? '') ?? [];
  if (name !== undefined) draft.set('profile', name);
  else if (profilePath !== null && profilePath !== '/nix/var/nix/profiles/system')
    draft.leave(`profilePath ${profilePath}: a system’s profile is system, or one of system-profiles`);
}

function setUser(
  draft: Draft,
  { sshUser = me0, user = sshUser, sudo, interactiveSudo }: Settings,
  me: string,
): void {
  const login = sshUser === me0 ? me : sshUser;
  if (login !== 'root') draft.set('user', login);
  if (user !== 'root' && user !== me0) draft.leave(`user ${user}: a system is deployed as root, by become`);
  const program = sudo?.trim().split(/\s+/)[0]?.replace(/^.*\//, '');
  if (program === 'doas' || program === 'run0') draft.set('become', program);
  else if (program !== undefined && program !== 'sudo')
    draft.leave(`sudo ${sudo}: become is sudo, doas or run0`);
  if (interactiveSudo)
    draft.leave(
      'interactiveSudo: set becomePassword, as pulumi asks for none: pulumi config set --secret --path',
    );
}

/** In place of a user who is not named. */
const me0 = '';

function setDeployment(draft: Draft, given: Settings): void {
  const { fastConnection, confirmTimeout, activationTimeout } = given;
  if (fastConnection !== undefined) draft.set('delivery', fastConnection ? 'copy' : 'auto');
  // The schema's lowest limit is longer than deploy-rs's.
  if (confirmTimeout !== undefined) draft.set('confirmTimeoutSeconds', Math.max(10, confirmTimeout));
  if (activationTimeout !== undefined) draft.set('activationTimeoutSeconds', Math.max(10, activationTimeout));
  for (const name of ['autoRollback', 'magicRollback'] as const)
    if (given[name] === false) draft.leave(`${name} = false: a switch is always confirmed, or rolled back`);
  if (given.remoteBuild) draft.leave('remoteBuild: systems are built here or on builders (docs/builders.md)');
  if (given.tempPath !== undefined) draft.leave('tempPath: is not needed');
}
