import { FleetError } from '../../lib/base/errors.ts';

export const actions = ['up', 'preview', 'refresh'] as const;
export type Action = (typeof actions)[number];

export interface PulumiOptions {
  /** Whether Pulumi’s own display was chosen, by an option that is about nothing else. */
  ownDisplay: boolean;
  /** Whether it goes on without a question. */
  yes: boolean;
  skipPreview: boolean;
  /** Command and options of the preview, and of the run after it; without the latter, the preview is all. */
  preview: string[];
  run: string[] | undefined;
}

/** Options with which a user wants to see what Pulumi shows. */
const displays =
  /^(--(diff|json|help|debug|show-[a-z-]+|urns|event-log|attach-debugger|neo|logtostderr|logflow|verbose)(=.*)?|-[a-z]*[dhjv](=?\d+)?)$/;
const confirmations = /^(--(yes|skip-preview)(=.*)?|-[yf]+)$/;
/** Options of `up` that `preview` does not have. */
const ofUp = /^--(continue-on-error|strict|expect-no-changes)(=.*)?$/;
const ofUpWithValue = /^--(plan|secrets-provider)(=.*)?$/;

/** What options after `--` mean for a run that has a preview of its own. */
export function pulumiOptions(
  action: Action,
  options: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PulumiOptions {
  const isSet = (name: string, letter: string) =>
    options.some(
      (each) =>
        each === `--${name}` || each === `--${name}=true` || new RegExp(`^-[yf]*${letter}[yf]*$`).test(each),
    );
  const shared = options.filter((each) => !confirmations.test(each));
  const isPreview = action === 'preview' || (action === 'refresh' && options.includes('--preview-only'));
  const run = isPreview ? undefined : [action, ...shared, '--yes', '--skip-preview'];
  return {
    ownDisplay: options.some((each) => displays.test(each)),
    yes: isSet('yes', 'y') || /^(1|true)$/i.test(env.PULUMI_SKIP_CONFIRMATIONS ?? ''),
    skipPreview: isSet('skip-preview', 'f') && !isPreview,
    preview: previewOf(action, shared),
    run,
  };
}

function previewOf(action: Action, options: readonly string[]): string[] {
  switch (action) {
    case 'preview':
      return ['preview', ...options];
    case 'refresh':
      return [
        'refresh',
        '--preview-only',
        ...options.filter((each) => each !== '--preview-only' && !ofUp.test(each)),
      ];
    case 'up':
      return [
        'preview',
        ...options.filter(
          (each, index) => !ofUp.test(each) && !ofUpWithValue.test(each) && !isValue(options[index - 1]),
        ),
      ];
    default:
      return action satisfies never;
  }
}

/** Whether the next option is the value of this one, which `preview` does not have. */
function isValue(before: string | undefined): boolean {
  return before !== undefined && ofUpWithValue.test(before) && !before.includes('=');
}

/** The error of a run that would ask a question without a terminal. */
export function refuseQuestion(action: Action): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `${action} needs --yes`,
    why: 'there is no terminal to confirm the changes on',
    fix: `Look at the changes first: npm run fleet -- preview. Then: npm run fleet -- ${action} --yes`,
  });
}
