import { type ActivationResult, parseResult } from '../record/result.ts';
import { shellVariables } from '../ssh/quote.ts';

/** What the supervisor of a unit is doing. */
export type Phase =
  | 'starting'
  | 'checking'
  | 'activating'
  | 'waiting'
  | 'committing'
  | 'going-back'
  | 'finished';

export interface Progress {
  phase: Phase;
  /** What switch-to-configuration printed since the last look. */
  output: string;
  /** How much of the log has been seen, in bytes. */
  offset: number;
  bootId: string;
  /** Whether the supervisor's unit still runs. */
  active: boolean;
  result: ActivationResult | undefined;
  /** The result file's text where it is there and cannot be read. */
  unreadable: string | undefined;
}

/** Longest time a look waits on the machine for something new, in seconds. */
export const lookSeconds = 8;

/** Waits on the machine until the supervisor has something new to tell, and prints it. */
export function followScript(unit: string, seen: { phase: Phase; offset: number }): string {
  const values = { unit, seen_phase: seen.phase, seen_size: seen.offset, look: lookSeconds };
  return `${shellVariables(values)}
directory=/run/nixos-fleet/units/$unit
result=/var/lib/nixos-fleet/results/$unit.json
end=$(($(sed 's/[. ].*//' /proc/uptime) + look))
while :; do
  phase=$(cat "$directory/phase" 2>/dev/null || echo starting)
  size=$(wc -c <"$directory/log" 2>/dev/null || echo 0)
  # The log is begun anew between the check and the activation.
  [ "$size" -ge "$seen_size" ] || seen_size=0
  active=no
  for service in "$unit.service" "$unit-deadman.service"; do
    case $(systemctl show --property=ActiveState --value "$service") in
    active | activating | deactivating | reloading) active=yes ;;
    esac
  done
  [ "$active" = yes ] && [ "$phase" = "$seen_phase" ] && [ "$size" -le "$seen_size" ] || break
  [ "$(sed 's/[. ].*//' /proc/uptime)" -lt "$end" ] || break
  sleep 0.1
done
echo "phase=$phase"
echo "active=$active"
echo "boot-id=$(cat /proc/sys/kernel/random/boot_id)"
[ ! -e "$result" ] || echo "result=$(base64 <"$result" | tr -d '\\n')"
# What was not there when the log was measured is for the next look.
echo "offset=$size"
[ ! -e "$directory/log" ] || echo "output=$(head -c "$size" "$directory/log" | tail -c "+$((seen_size + 1))" | base64 | tr -d '\\n')"
`;
}

/** Reads what the follow script printed; undefined where it is not whole. Pure. */
export function parseProgress(stdout: string): Progress | undefined {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1];
  const decoded = (key: string) => Buffer.from(value(key) ?? '', 'base64').toString('utf8');
  const phase = value('phase');
  const offset = value('offset');
  if (phase === undefined || offset === undefined) return undefined;
  const written = value('result') === undefined ? undefined : decoded('result');
  const result = parseResult(written);
  return {
    phase: phase as Phase,
    output: decoded('output'),
    offset: Number(offset),
    bootId: value('boot-id') ?? '',
    active: value('active') === 'yes',
    result,
    unreadable: result ? undefined : written,
  };
}
