/** A command of the CLI. */
export interface CommandEntry {
  name: string;
  /** In one line; without one, the command is hidden. */
  summary?: string;
  /** Arguments that its module gets before the user's. */
  words?: readonly string[];
  /** What its positional arguments name, for completion. */
  names?: 'hosts';
  /** Loads its module, which runs it. */
  load?: () => Promise<unknown>;
  /** A shell script of the package, in place of a module, with its argument and examples. */
  script?: { file: string; argument?: string; examples: readonly string[] };
}

const fleet = () => import('./fleet/main.ts');

/** All commands, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'setup',
    summary: 'install missing tools into a cache folder',
    script: { file: 'setup/tools', examples: ['setup'] },
  },
  {
    name: 'demo',
    summary: 'deploy the demo of a clone, or remove it',
    script: {
      file: 'setup/demo',
      argument: '[--no-vm|destroy]',
      examples: ['demo', 'demo --no-vm', 'demo destroy'],
    },
  },
  { name: 'up', summary: 'pulumi up on some or all machines', words: ['up'], load: fleet },
  { name: 'preview', summary: 'pulumi preview of some or all machines', words: ['preview'], load: fleet },
  { name: 'refresh', summary: 'pulumi refresh of some or all machines', words: ['refresh'], load: fleet },
  { name: 'status', summary: 'what each machine runs', load: () => import('./status/main.ts') },
  { name: 'report', summary: 'a page about the fleet, as HTML', load: () => import('./report/main.ts') },
  { name: 'exec', summary: 'run a command on some machines', load: () => import('./exec/main.ts') },
  { name: 'adopt', summary: 'take over hosts of the config', load: () => import('./adopt/main.ts') },
  {
    name: 'rollback',
    summary: 'roll hosts back to an earlier generation',
    names: 'hosts',
    load: () => import('./rollback/main.ts'),
  },
  {
    name: 'update',
    summary: 'update flake inputs, and show what changes',
    load: () => import('./update/main.ts'),
  },
  { name: 'summary', summary: 'a preview as Markdown', load: () => import('./summary/main.ts') },
  {
    name: 'install-host',
    summary: 'install a host on a bare machine',
    names: 'hosts',
    load: () => import('./install/main.ts'),
  },
  { name: 'ssh', summary: 'log in to a machine', names: 'hosts', load: () => import('./console/ssh.ts') },
  {
    name: 'console',
    summary: 'the serial console of a virtual machine',
    names: 'hosts',
    load: () => import('./console/console.ts'),
  },
  {
    name: 'gdb',
    summary: 'debug the kernel of a virtual machine',
    names: 'hosts',
    load: () => import('./gdb/main.ts'),
  },
  {
    name: 'localmodconfig',
    summary: 'a kernel configuration with the modules in use',
    names: 'hosts',
    load: () => import('./localmodconfig.ts'),
  },
  { name: 'completion', summary: 'print a shell’s completion', load: () => import('./completion/main.ts') },
];
