import { powerCuts } from './power-cut/power-cuts.ts';

powerCuts('systemd-boot', ['base', 'edited', 'next', 'last'], 23751);
