import { readFileSync } from 'node:fs';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { profilePath } from '../read-machine.ts';
import type { DeploymentRecord } from '../record/record.ts';
import { shellHereDocument, shellVariables } from '../ssh/quote.ts';
import { activatedPath } from './goal.ts';
import { recordScript } from './record-script.ts';

/** Writes a script that is beside this file into the deployment's folder on the machine. */
const sent = (name: string) =>
  shellHereDocument(`cat >"$directory/${name}"`, readFileSync(new URL(`./${name}`, import.meta.url), 'utf8'));
const supervisor = sent('supervisor.sh') + sent('result.sh') + sent('finish.sh');
const hold = sent('hold.sh');

/** What of a deployment's inputs its supervisor has to know. */
export type SwitchSettings = Pick<
  DeploymentInputs,
  | 'host'
  | 'system'
  | 'action'
  | 'specialisation'
  | 'profile'
  | 'installBootLoader'
  | 'reboot'
  | 'trial'
  | 'unitFailures'
  | 'via'
>;

export interface Parameters extends SwitchSettings {
  unit: string;
  by: string;
  /** What the confirmation must hold: one left over from another deployment confirms nothing. */
  token: string;
  machineId: string;
  activationSeconds: number;
  confirmSeconds: number;
}

/** Least free space that an activation is begun with, in KiB. */
const reserveKib = 16 * 1024;

/**
 * The script that begins a deployment: it checks what can be checked before anything changes, keeps the system from
 * garbage collection with its record, and starts the supervisor. It prints `state=started`, or why not.
 */
export function startScript(parameters: Parameters, record: DeploymentRecord): string {
  const { unit, host, system, by, token, activationSeconds, confirmSeconds } = parameters;
  const directory = `/run/nixos-fleet/units/${unit}`;
  const activated = activatedPath(parameters);
  const held = parameters.via === 'nixos-rebuild';
  const bootInstead = parameters.reboot === 'never' || held ? '' : 'yes';
  const forSupervisor = shellVariables({
    unit,
    host,
    system,
    activated,
    profile: profilePath(parameters.profile),
    boot_instead: bootInstead,
    install_boot_loader: parameters.installBootLoader ? 1 : '',
    reboot: parameters.reboot,
    trial: parameters.reboot !== 'never' && parameters.trial !== 'never' ? 'yes' : '',
    revision: record.revision,
    by,
    token,
    activation_seconds: activationSeconds,
    confirm_seconds: confirmSeconds,
    unit_failures: parameters.unitFailures,
  });
  const forChecks = {
    unit,
    system,
    activated,
    action: parameters.action,
    boot_instead: bootInstead,
    directory,
    machine_id: parameters.machineId,
    reserve: reserveKib,
  };
  return `umask 022
${shellVariables(forChecks)}${checks}
${recordScript(record)}
mkdir -p /run/nixos-fleet/units && mkdir "$directory" || exit 4
${supervisor}${held ? hold : ''}${shellHereDocument('(umask 077; cat >"$directory/parameters")', forSupervisor)}echo "action=$action" >>"$directory/parameters"
: >"$directory/log"
systemd-run --quiet --collect --unit="$unit" --description="nixos-fleet: switching to \${system##*/}" \\
  --property=TimeoutStopSec=$((${activationSeconds} + 60)) \\
  --property="ExecStopPost=/bin/sh $directory/supervisor.sh stopped $directory" \\
  /bin/sh "$directory/supervisor.sh" ${held ? 'hold' : 'run'} "$directory" || exit 5
echo state=started
`;
}

const checks = `PATH=$PATH:/run/current-system/sw/bin
[ "$(cat /etc/machine-id)" = "$machine_id" ] || { echo "state=wrong-machine"; echo "found=$(cat /etc/machine-id)"; exit 3; }
if [ -e /run/nixos-fleet/lock ] && ! flock -n /run/nixos-fleet/lock true; then
  echo "state=busy"; cat /run/nixos-fleet/holder; exit 3
fi
for path in "$system" "$activated"; do
  [ -x "$path/bin/switch-to-configuration" ] || { echo "state=missing"; echo "path=$path"; exit 3; }
done
if command -v nix-store >/dev/null && ! nix-store --verify-path "$system" "$(readlink -f "$activated")" >/dev/null 2>&1; then
  echo "state=corrupted"; exit 3
fi
old=$(readlink -f /run/current-system)
if [ "$action" != boot ] && [ -e "$old/switch-inhibitors" ] && [ -e "$activated/switch-inhibitors" ] &&
  ! cmp -s "$old/switch-inhibitors" "$activated/switch-inhibitors"; then
  if [ "$boot_instead" = yes ] && [ "$action" = switch ]; then
    action=boot
  else
    echo "state=inhibited"
    echo "old=$(base64 <"$old/switch-inhibitors" | tr -d '\\n')"
    echo "new=$(base64 <"$activated/switch-inhibitors" | tr -d '\\n')"
    exit 3
  fi
fi
free_kib() { set -- $(stat -f -c '%a %S' "$1"); echo $(($1 * ($2 / 512) / 2)); }
for place in /nix /var/lib /run; do
  free=$(free_kib "$place")
  [ "$free" -ge "$reserve" ] || { echo "state=no-room"; echo "place=$place"; echo "free=$free"; echo "need=$reserve"; exit 3; }
done
# A new kernel and initrd must fit on a boot partition of its own.
if [ -e "$system/kernel" ] && [ "$(readlink -f "$system/kernel" "$system/initrd")" != "$(readlink -f "$old/kernel" "$old/initrd")" ] &&
  [ "$(stat -c %d /boot 2>/dev/null)" != "$(stat -c %d / 2>/dev/null)" ] && [ -d /boot ]; then
  need=$(($(cat "$system/kernel" "$system/initrd" 2>/dev/null | wc -c) / 1024 + 1024))
  free=$(free_kib /boot)
  [ "$free" -ge "$need" ] || { echo "state=no-room"; echo "place=/boot"; echo "free=$free"; echo "need=$need"; exit 3; }
fi
`;
