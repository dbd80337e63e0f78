import type { Inputs } from '@pulumi/pulumi/output.js';
import type { ComponentResource, ComponentResourceOptions } from '@pulumi/pulumi/resource.js';
import type * as z from 'zod';
import type { CallContext } from './function.ts';
import type { Properties } from './resource.ts';

/** A component that a program in another language declares. */
export interface Declaration {
  name: string;
  /** Its arguments, with outputs of Pulumi in any place. */
  given: Inputs;
  /** The same with values in the place of outputs, and `unknown` (wire/unknown.ts) for what a preview cannot know. */
  settled: Properties;
  options: ComponentResourceOptions;
}

/** What a component may use while it is constructed. */
export interface ConstructContext extends CallContext {
  readonly preview: boolean;
}

/** A component whose resources have been declared. */
export interface Constructed {
  resource: ComponentResource;
  outputs: Inputs;
  /** Rejects at the end with what failed, although the rest is there. */
  completed?: Promise<void>;
}

/** A component for programs in any language; for those in TypeScript it is a class in components/. */
export interface ProviderComponent {
  /** Token, such as `nixos:index:Fleet`. */
  readonly token: string;
  readonly description: string;
  /** Arguments of any other shape are refused before it is constructed. */
  readonly args: z.ZodType;
  readonly outputs: z.ZodType;
  construct(declaration: Declaration, context: ConstructContext): Promise<Constructed>;
}
