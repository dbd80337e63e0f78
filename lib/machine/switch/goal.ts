import type { DeploymentInputs } from '../../../schema/deployment.ts';

/** What a deployment is to come to. A state that an earlier version wrote has the system alone. */
export type Goal = Pick<DeploymentInputs, 'system'> &
  Partial<Pick<DeploymentInputs, 'specialisation' | 'action'>>;

/** What a machine runs and boots, as a reading or a state tells it. */
export interface Running {
  /** Store path of the live system. */
  system: string;
  /** The live specialisation of it; empty or left out where it is the system itself. */
  specialisation?: string;
  /** Store path of the system of the next boot. */
  profileSystem: string;
}

/** Whether the asked system, and the asked specialisation of it, is the live one. */
export function isLive(running: Running, { system, specialisation = '' }: Goal): boolean {
  return running.system === system && (running.specialisation ?? '') === specialisation;
}

/** Whether a machine is as the action leaves it. What `dry-activate` shows is never there already. */
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
 * Whether inputs tell truly what a machine runs, or for `boot` what it boots: then its facts are theirs. What was only
 * shown is true of none.
 */
export function isTrueOf(running: Running, goal: Goal): boolean {
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

/** What is activated: the system, or its specialisation, by a path inside it. */
export function activatedPath({ system, specialisation }: Goal): string {
  return specialisation ? `${system}/specialisation/${specialisation}` : system;
}
