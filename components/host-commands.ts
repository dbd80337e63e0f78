import type { HostCommandConfig } from '../schema/host-command.ts';
import { type CommandProxyArgs, commandConnection } from './command-connection.ts';
import { commandPackage } from './command-package.ts';
import type { ConnectionArgs } from './connection.ts';
import type * as pulumi from './pulumi.ts';

/** A command that @pulumi/command runs on a machine, as the user that the connection names. */
export type HostCommand = {
  [key in keyof HostCommandConfig]: pulumi.Input<NonNullable<HostCommandConfig[key]>>;
} & {
  /** Standard input of the command. */
  stdin?: pulumi.Input<string>;
  /** Environment variables; the machine's sshd must accept them (AcceptEnv). */
  environment?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * The command runs again when one of these changes.
   * @default before a deployment the system's store path, after it the machine's generation: at each deployment
   */
  triggers?: pulumi.Input<pulumi.Input<unknown>[]>;
};

/** A file or folder that @pulumi/command copies to a machine. Not for secrets, as the state contains the content. */
export interface HostFile {
  source: pulumi.Input<pulumi.asset.Asset | pulumi.asset.Archive>;
  /** Path on the machine; missing folders are created. */
  path: pulumi.Input<string>;
  /** @default 'before' */
  when?: 'before' | 'after';
  /** It is copied again when one of these changes, besides the source. @default none */
  triggers?: pulumi.Input<pulumi.Input<unknown>[]>;
}

/** Commands and files of a machine before and after its deployment. */
export interface HostCommandsArgs {
  connection: pulumi.Input<ConnectionArgs>;
  /** Commands on the machine before its deployment and after it, by name; the connection must have a host key. */
  commands?: { before?: Record<string, HostCommand>; after?: Record<string, HostCommand> };
  /** Files to copy to the machine, by name; the connection must have a host key. */
  files?: Record<string, HostFile>;
  /** Jump host for commands and files. @default the one machine of the connection's proxyJump, if any */
  commandProxy?: pulumi.Input<CommandProxyArgs>;
}

interface Around {
  when: 'before' | 'after';
  dependsOn: pulumi.Resource[];
  /** For commands without triggers. */
  triggers: () => pulumi.Input<unknown>[];
}

/**
 * Returns a function that declares the files to copy and then the commands to run, before a host's deployment or after it.
 * @throws pulumi.RunError where there are any and @pulumi/command is missing
 */
export function declareHostCommands(
  parent: pulumi.Resource,
  host: string,
  { commands = {}, files = {}, connection, commandProxy }: HostCommandsArgs,
): (around: Around) => pulumi.Resource[] {
  const names = [commands.before, commands.after, files].flatMap((some) => Object.keys(some ?? {}));
  if (names.length === 0) return () => [];
  const { remote } = commandPackage(host);
  const reached = commandConnection(parent, host, connection, commandProxy);
  return ({ when, dependsOn, triggers }) => {
    const copied = Object.entries(files).filter(([, file]) => (file.when ?? 'before') === when);
    const copies = copied.map(([name, { source, path, triggers: own }]) => {
      const args = { connection: reached, source, remotePath: path, triggers: own };
      return new remote.CopyToRemote(`${host}-${when}-${name}`, args, { parent, dependsOn });
    });
    const runs = Object.entries(commands[when] ?? {}).map(([name, command]) => {
      const args = { triggers: triggers(), ...command, connection: reached };
      const options = { parent, dependsOn: [...dependsOn, ...copies] };
      return new remote.Command(`${host}-${when}-${name}`, args, options);
    });
    return [...copies, ...runs];
  };
}
