import type { DeploymentInputs } from '../../../schema/deployment.ts';

/** The desired state of a machine. A state written by an earlier version has only the system. */
export type Goal = Pick<DeploymentInputs, 'system'> &
  Partial<Pick<DeploymentInputs, 'specialisation' | 'action'>>;

/** What a machine runs and boots, from a reading or a state. */
export interface Running {
  /** Store path of the live system. */
  system: string;
  /** The live specialisation of that system; empty or undefined if none is. */
  specialisation?: string;
  /** Store path of the system of the next boot. */
  profileSystem: string;
}

/** Whether the desired system and specialisation are live. */
export function isLive(running: Running, { system, specialisation = '' }: Goal): boolean {
  return running.system === system && (running.specialisation ?? '') === specialisation;
}

/** Whether a machine is already in the state that the action leads to. Never true for `dry-activate`. */
export function reached(running: Running, goal: Goal): boolean {
  const isNext = running.profileSystem === goal.system;
  switch (goal.action ?? 'switch') {
    case 'switch':
      return isLive(running, goal) && isNext;
    case 'boot':
      return isNext;
    case 'test':
      return isLive(running, goal);
    case 'dry-activate':
      return false;
  }
}

/**
 * Whether the goal's facts describe the machine: its live system or, for `boot`, the system of its next boot. Never true for
 * `dry-activate`.
 */
export function factsApply(running: Running, goal: Goal): boolean {
  switch (goal.action ?? 'switch') {
    case 'boot':
      return running.profileSystem === goal.system;
    case 'dry-activate':
      return false;
    case 'switch':
    case 'test':
      return isLive(running, goal);
  }
}

/** Path of the system to activate, or of the specialisation inside it. */
export function activatedPath({ system, specialisation }: Goal): string {
  return specialisation ? `${system}/specialisation/${specialisation}` : system;
}
