import { formatNames } from '../../../lib/base/name-ranges.ts';
import { counted } from '../../../lib/base/text.ts';
import type { PlannedWave } from '../../../schema/rollout.ts';

/**
 * A wave of the plan, for a preview.
 * @param changed those of its machines that get another system
 */
export function describeWave(wave: PlannedWave, changed: readonly string[]): string {
  const { name, hosts, atOnce, failuresAllowed, soakMinutes, gates, together } = wave;
  const gateNames = Object.keys(gates);
  const how = [
    together ? 'together' : '',
    atOnce !== undefined && atOnce < hosts.length ? `${atOnce} at once` : '',
    failuresAllowed > 0 ? `${failuresAllowed} may fail` : '',
    soakMinutes > 0 ? `soak ${soakMinutes} min` : '',
    gateNames.length > 0 ? `${gateNames.length === 1 ? 'gate' : 'gates'} ${gateNames.join(', ')}` : '',
  ].filter(Boolean);
  const whose =
    changed.length === 0
      ? 'no machine changes'
      : `${formatNames(changed, 8)} (${changed.length} of ${counted(hosts.length, 'machine')})`;
  return [`wave ${name}: ${whose}`, ...how].join('; ');
}
