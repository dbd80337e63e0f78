import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The order of the pages: where to start, guides by task, explanations, reference. */
const pages = (text, entries) => ({
  text,
  items: entries
    .map(([title, link]) => ({ text: title, link: link.startsWith('/') ? link : `/docs/${link}` }))
    .filter(({ link }) => !link.startsWith('/docs/') || existsSync(join(root, `${link}.md`))),
});

const groups = [
  pages('Start', [
    ['What it is', '/'],
    ['Getting started', 'getting-started'],
    ['Compared with other tools', 'comparison'],
    ['Set-up', 'setup'],
    ['The npm package', 'package'],
    ['The command line', 'cli'],
  ]),
  pages('Examples', [
    ['A home lab of three', '/examples/home-lab/'],
    ['A fleet in waves', '/examples/waves/'],
    ['A kernel developer’s loop', '/examples/kernel-loop/'],
    ['An image onto a disk', '/examples/bare-metal/'],
    ['A pipeline with approved plans', '/examples/ci/'],
    ['A fleet of colmena’s', '/examples/from-colmena/'],
    ['A fleet of deploy-rs’s', '/examples/from-deploy-rs/'],
    ['Hydra', '/examples/hydra/'],
    ['A script with the Automation API', '/examples/automation/'],
    ['A policy pack', '/examples/policies/'],
  ]),
  pages('Adopt a fleet', [
    ['From colmena', 'from-colmena'],
    ['From deploy-rs', 'from-deploy-rs'],
    ['From nixos-rebuild', 'from-nixos-rebuild'],
  ]),
  pages('Machines', [
    ['First boot to daily update', 'hosts'],
    ['People and their keys', 'people'],
    ['Secrets', 'secrets'],
    ['Servers', 'server'],
    ['Hardware', 'hardware'],
    ['Images', 'images'],
    ['Disk installs', 'disk-installs'],
    ['Virtual machines', 'virtual-machines'],
    ['The lab', 'lab'],
  ]),
  pages('Kernels', [['Change a kernel', 'kernels']]),
  pages('Fleets', [
    ['Previews', 'previews'],
    ['Guards', 'guards'],
    ['Rollouts in waves', 'rollouts'],
    ['Many machines', 'events'],
    ['A page about the fleet', 'report'],
    ['Failures', 'failures'],
    ['Continuous integration', 'ci'],
    ['Hydra', 'hydra'],
  ]),
  pages('Building', [
    ['Binary caches', 'caches'],
    ['Builders', 'builders'],
  ]),
  pages('Programs', [
    ['Other languages', 'languages'],
    ['Options of resources', 'resource-options'],
  ]),
  pages('Explanation', [
    ['How a switch works', 'switch'],
    ['How evaluation works', 'evaluation'],
    ['Reliability', 'reliability'],
    ['Performance', 'performance'],
    ['Real NixOS', 'real-nixos'],
    ['Evaluation of nixpkgs', 'nixpkgs-evaluation'],
    ['Decisions', 'decisions'],
  ]),
  pages('Reference', [
    ['Config, resources, errors', 'reference'],
    ['Contributing', '/CONTRIBUTING'],
    ['Releasing', 'releasing'],
    ['Changes', '/CHANGELOG'],
  ]),
];

/** Pages that have no place above yet, by their titles. */
const placed = new Set(groups.flatMap(({ items }) => items.map(({ link }) => link)));
const others = globSync(['docs/*.md', 'examples/*/README.md'], { cwd: root })
  .map((file) => ({ file, link: `/${file.replace(/(README)?\.md$/, '')}` }))
  .filter(({ link }) => !placed.has(link))
  .map(({ file, link }) => [/^# (.*)$/m.exec(readFileSync(join(root, file), 'utf8'))?.[1] ?? file, link])
  .sort();

export const sidebar = others.length > 0 ? [...groups, pages('More', others)] : groups;
