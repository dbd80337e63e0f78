import type { DeploymentRecord } from '../record/record.ts';
import { shellHereDocument, shellVariables } from '../ssh/quote.ts';

/** Keeps a system on the machine from garbage collection, and writes down what it is. Fails where it is not in the store. */
export function recordScript(record: DeploymentRecord): string {
  return `${shellVariables({ recorded: record.system })}[ -e "$recorded" ] || { echo "state=missing"; exit 3; }
root=/nix/var/nix/gcroots/nixos-fleet/\${recorded##*/}
mkdir -p "$root" && ln -sfn "$recorded" "$root/system" || exit 4
${shellHereDocument('cat >"$root/deployment.json.part"', JSON.stringify(record))}mv "$root/deployment.json.part" "$root/deployment.json" || exit 4
`;
}
