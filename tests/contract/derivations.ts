import { run } from '../../lib/base/process/run.ts';

export interface Derivation {
  drvPath: string;
  outPath: string;
}

const ownSystem = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';

/** Instantiates a derivation with a shell script as its builder. It is new in each run, and not built. */
export async function instantiate(name: string, script: string, system = ownSystem): Promise<Derivation> {
  const expression = `let drv = derivation {
    name = "${name}"; system = "${system}"; builder = "/bin/sh";
    args = [ "-c" ${JSON.stringify(script).replaceAll('$', '\\$')} ];
    nonce = "${process.pid} ${Date.now()}";
  }; in { inherit (drv) drvPath; out = drv.outPath; }`;
  const nix = [
    '--extra-experimental-features',
    'nix-command',
    'eval',
    '--json',
    '--impure',
    '--expr',
    expression,
  ];
  const { stdout } = await run('nix', nix, { timeoutSeconds: 60 });
  const { drvPath, out } = JSON.parse(stdout) as { drvPath: string; out: string };
  return { drvPath, outPath: out };
}

/** A builder's script that writes a text to its output. */
export const write = (text: string) => `echo ${text} > $out`;
