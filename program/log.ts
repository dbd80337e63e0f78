import * as pulumi from '../components/pulumi.ts';
import { presentable } from '../lib/base/presentable.ts';

/** A line in the diagnostics of the run, about the stack as a whole. */
export function note(text: string): void {
  void pulumi.log.info(presentable(text));
}

export function warn(text: string): void {
  void pulumi.log.warn(presentable(text));
}

/** A line that the next one replaces. */
export function showStatus(text: string): void {
  void pulumi.log.info(presentable(text), undefined, undefined, true);
}
