import type { DeploymentInputs } from '../../../schema/deployment.ts';
import type { MachineReading } from '../parse-reading.ts';

/** A reboot of a machine into a system that is in its store and in its profile. */
export interface RebootRequest
  extends Pick<
    DeploymentInputs,
    'system' | 'revision' | 'profile' | 'rebootBy' | 'trial' | 'rebootTimeoutSeconds' | 'healthChecks'
  > {
  /** The machine as it is now. */
  reading: MachineReading;
  /** Store path of the system that was live before the deployment; empty where it is not known. */
  previous: string;
  /** Who deploys. */
  by: string;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
}
