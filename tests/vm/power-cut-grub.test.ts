import { powerCuts } from './power-cut/power-cuts.ts';

powerCuts('grub', ['grub', 'grub-edited', 'grub-next', 'grub-last'], 23752);
